"""Deletion of messages: a prompt with its answers, or one of several answers with its branch."""

from collections.abc import Iterable

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.database.tables import Message, Session
from persistence.sessions.message_queries import load_message, load_messages
from persistence.sessions.message_tree import below, latest_answer_below, siblings
from persistence.sessions.session_totals import subtract_messages
from records.access import AnyScope
from records.errors import Conflict
from records.ids import MessageId
from records.session import MessageRecord, MessageRole


async def delete_message(
    transaction: BaseDBAsyncClient, scope: AnyScope, message_id: MessageId
) -> tuple[MessageId, ...]:
    """Delete a prompt with its answers, or one of several answers with its branch, and return all ids.

    Raises `NotFound`, and `Conflict` if an answer that would be deleted is unfinished.
    """
    message = await load_message(transaction, scope, message_id)
    if message.role is MessageRole.ASSISTANT and len(await siblings(transaction, scope, message)) > 1:
        return await _delete_branch(transaction, scope, message)
    is_answer = message.role is MessageRole.ASSISTANT and message.parent_id is not None
    prompt = await load_message(transaction, scope, message.parent_id or message.id) if is_answer else message
    answers = await answers_of(transaction, scope, prompt.id)
    _require_deletable(answers)
    return await _delete(transaction, scope, prompt, [prompt.id, *(answer.id for answer in answers)])


async def answers_of(client: BaseDBAsyncClient, scope: AnyScope, prompt_id: MessageId) -> list[MessageRecord]:
    """Return the answers of a prompt, by id."""
    rows = await Message.filter(parent_id=prompt_id, role="ASSISTANT").only("id").using_db(client)
    found = await load_messages(client, scope, [row.id for row in rows])
    return [found[each] for each in sorted(found)]


def _require_deletable(messages: Iterable[MessageRecord]) -> None:
    if any(not message.status.terminal for message in messages):
        raise Conflict("The answer is not finished. Cancel it first.")


async def _delete_branch(
    transaction: BaseDBAsyncClient, scope: AnyScope, answer: MessageRecord
) -> tuple[MessageId, ...]:
    """Delete one of several answers with all messages below it. The head moves to the latest answer that is left."""
    ids = await below(transaction, answer.id)
    deleted = await load_messages(transaction, scope, ids)
    _require_deletable(deleted.values())
    await Message.filter(id__in=ids).using_db(transaction).delete()
    head_id = await latest_answer_below(transaction, answer.parent_id)
    await Session.filter(id=answer.session_id, head_id__in=ids).using_db(transaction).update(head_id=head_id)
    await subtract_messages(transaction, answer.session_id, list(deleted.values()))
    return tuple(ids)


async def _delete(
    transaction: BaseDBAsyncClient, scope: AnyScope, prompt: MessageRecord, ids: list[MessageId]
) -> tuple[MessageId, ...]:
    """Delete an exchange. The message before it becomes the parent of the messages after it."""
    deleted = await load_messages(transaction, scope, ids)
    after = Message.filter(parent_id__in=ids).exclude(id__in=ids).using_db(transaction)
    await after.update(parent_id=prompt.parent_id)
    await Message.filter(id__in=ids).using_db(transaction).delete()
    await Session.filter(id=prompt.session_id, head_id__in=ids).using_db(transaction).update(head_id=prompt.parent_id)
    await subtract_messages(transaction, prompt.session_id, list(deleted.values()))
    return tuple(ids)
