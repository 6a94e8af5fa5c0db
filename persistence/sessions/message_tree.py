"""The tree of a session's messages: paths from the first prompt to a message, and the branches below a message."""

from collections.abc import Sequence

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.sqlite import fetch, fetch_value
from persistence.database.tables import Message
from persistence.sessions.message_queries import load_message, load_messages
from records.access import AnyScope
from records.errors import Conflict, InvalidInput, NotFound
from records.ids import MessageId, SessionId
from records.session import BranchPoint, MessageRecord, MessageRole

PATH = """
    WITH RECURSIVE path (id, parent_id) AS (
        SELECT id, parent_id FROM messages WHERE id = ?
        UNION ALL SELECT messages.id, messages.parent_id FROM path JOIN messages ON messages.id = path.parent_id
    ) SELECT id FROM path
"""
"""The ids from a message up to the first prompt of its branch. A parent has a lower id than its children."""

_BELOW = """
    WITH RECURSIVE below (id) AS (
        SELECT id FROM messages WHERE id = ?
        UNION ALL SELECT messages.id FROM below JOIN messages ON messages.parent_id = below.id
    ) SELECT id FROM below ORDER BY id
"""
_LATEST_ANSWER_BELOW = f"""
    SELECT max(id) FROM messages WHERE role = 'ASSISTANT' AND id IN ({_BELOW})
"""  # noqa: S608  # constants of this module
_OF_ANOTHER_ROLE = {
    MessageRole.USER: "The message is an answer. Only a prompt can be edited.",
    MessageRole.ASSISTANT: "The message is a prompt. A prompt can only follow an answer.",
}
"""The message of the error for each role that is needed."""


async def parent_of_prompt(
    client: BaseDBAsyncClient, scope: AnyScope, session_id: SessionId, head_id: int | None, point: BranchPoint
) -> int | None:
    """Return the answer that a new prompt follows; None for a first prompt.

    Raises `NotFound` for an unknown message, `InvalidInput` if a prompt follows a prompt or an answer is edited, and
    `Conflict` if the answer is unfinished.
    """
    if point.edits is not None:
        edited = await _message_of(client, scope, session_id, point.edits, MessageRole.USER, "edits_message_id")
        parent_id: int | None = edited.parent_id
    elif point.follows is not None:
        parent_id = (await _message_of(client, scope, session_id, point.follows, MessageRole.ASSISTANT, "parent_id")).id
    else:
        parent_id = head_id
    if parent_id is not None:
        require_finished([await load_message(client, scope, MessageId(parent_id))])
    return parent_id


async def _message_of(
    client: BaseDBAsyncClient,
    scope: AnyScope,
    session_id: SessionId,
    message_id: MessageId,
    role: MessageRole,
    field: str,
) -> MessageRecord:
    found = (await load_messages(client, scope, [message_id])).get(message_id)
    if found is None or found.session_id != session_id:
        raise NotFound("message", message_id, field=field)
    if found.role is not role:
        raise InvalidInput(_OF_ANOTHER_ROLE[role], field=field)
    return found


def require_finished(messages: Sequence[MessageRecord]) -> None:
    """Raise `Conflict` if one of the messages is unfinished."""
    if not all(message.status.terminal for message in messages):
        raise Conflict("The session's last answer is not finished. Wait for it or cancel it.")


async def below(client: BaseDBAsyncClient, message_id: int) -> list[MessageId]:
    """Return a message and all messages below it, by id."""
    return [MessageId(row[0]) for row in await fetch(client, _BELOW, [message_id])]


async def latest_answer_below(client: BaseDBAsyncClient, message_id: int | None) -> int | None:
    """Return the latest answer among a message and those below it; None if there is none."""
    found = await fetch_value(client, _LATEST_ANSWER_BELOW, [message_id])
    return None if found is None else int(found)


async def siblings(client: BaseDBAsyncClient, scope: AnyScope, message: MessageRecord) -> tuple[MessageRecord, ...]:
    """Return the messages with the parent and the role of a message, itself included, by id."""
    same = Message.filter(session_id=message.session_id, parent_id=message.parent_id, role=message.role.value)
    ids = [row.id for row in await same.only("id").using_db(client)]
    found = await load_messages(client, scope, ids)
    return tuple(found[each] for each in sorted(found))


async def head_of_branch(
    client: BaseDBAsyncClient, scope: AnyScope, session_id: SessionId, message_id: MessageId
) -> MessageId:
    """Return the latest message among a message of the session and those below it. Raises `NotFound`."""
    found = (await load_messages(client, scope, [message_id])).get(message_id)
    if found is None or found.session_id != session_id:
        raise NotFound("message", message_id, field="head_message_id")
    return (await below(client, message_id))[-1]
