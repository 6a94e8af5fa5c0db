"""Storage of messages. An exchange is a prompt and its answer: both are stored together and deleted together."""

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import F

from persistence.access.daily_usage import add_failed_answers, add_usage
from persistence.access.scope_filter import scope_filter
from persistence.database.database import Database
from persistence.database.json_columns import now, pack
from persistence.database.keyset_pages import Listing, count, page
from persistence.database.sqlite import fetch
from persistence.database.tables import Message, Session
from persistence.sessions.message_deletion import answers_of, delete_message
from persistence.sessions.message_queries import (
    UNFINISHED,
    answer_columns,
    load_message,
    load_messages,
    store_citations,
    store_progress,
)
from persistence.sessions.message_tree import (
    PATH,
    parent_of_prompt,
    require_finished,
    siblings,
)
from persistence.sessions.session_totals import add_answer, set_last_message
from records.access import AnyScope
from records.access.usage import UNCOUNTED, DailyUsage, TokenCount
from records.answer import AnswerProgress
from records.codes import ErrorCode
from records.errors import NotFound
from records.ids import MessageId, ModelId, SessionId
from records.page import Page, PageRequest
from records.session import (
    HEAD,
    BranchPoint,
    MessageError,
    MessageRating,
    MessageRecord,
    MessageRole,
    MessageStatus,
    ThinkingMode,
)
from records.values.text import encodable

INTERRUPTED = MessageError(
    ErrorCode.INTERRUPTED, "The server stopped before this answer was finished. Send the message again."
)

MESSAGES_OF_EXCHANGE = 2

_HISTORY = """
    SELECT messages.parent_id, messages.id FROM messages
    WHERE messages.id IN ({path}) AND messages.id < ? AND messages.role = 'ASSISTANT' AND messages.status = 'COMPLETED'
        AND messages.parent_id IS NOT NULL AND {included}
    ORDER BY messages.id DESC LIMIT ?
"""

_PATH_TO_HEAD = PATH.replace("id = ?", "id = (SELECT head_id FROM sessions WHERE sessions.id = ?)")


class Messages:
    """Implements `services.interfaces.message_store.MessageStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start_exchange(
        self,
        scope: AnyScope,
        session_id: SessionId,
        content: str,
        *,
        thinking_mode: ThinkingMode,
        model_id: ModelId,
        model_name: str,
        idempotency_key: str | None,
        point: BranchPoint = HEAD,
    ) -> tuple[MessageRecord, MessageRecord, bool]:
        async with self._database.writing() as transaction:
            found = scope_filter(scope, "sessions").apply(Session.filter(id=session_id))
            session = await found.using_db(transaction).first()
            if session is None:
                raise NotFound("session", session_id)
            stored = await _find_exchange(transaction, scope, session_id, idempotency_key)
            if stored is not None:
                return *stored, True
            parent_id = await parent_of_prompt(transaction, scope, session_id, session.head_id, point)
            moment = now()
            common = {"session_id": session_id, "thinking_mode": thinking_mode.value, "created_at": moment}
            prompt = await _create_prompt(transaction, common, parent_id, content, idempotency_key)
            answer = await _create_answer(transaction, common, prompt.id, model_id, model_name)
            await set_last_message(
                transaction,
                session_id,
                moment,
                head_id=answer.id,
                message_count=F("message_count") + MESSAGES_OF_EXCHANGE,
            )
            await add_usage(transaction, scope, DailyUsage(answers=1))
            return *await _load_exchange(transaction, scope, prompt.id, answer.id), False

    async def find_exchange(
        self, scope: AnyScope, session_id: SessionId, idempotency_key: str
    ) -> tuple[MessageRecord, MessageRecord] | None:
        async with self._database.snapshot() as reader:
            return await _find_exchange(reader, scope, session_id, idempotency_key)

    async def start_answer(
        self, scope: AnyScope, prompt_id: MessageId, *, thinking_mode: ThinkingMode, model_id: ModelId, model_name: str
    ) -> tuple[MessageRecord, MessageRecord]:
        async with self._database.writing() as transaction:
            prompt = await load_message(transaction, scope, prompt_id)
            require_finished(await answers_of(transaction, scope, prompt_id))
            moment = now()
            common = {"session_id": prompt.session_id, "thinking_mode": thinking_mode.value, "created_at": moment}
            answer = await _create_answer(transaction, common, prompt_id, model_id, model_name)
            count = F("message_count") + 1
            await set_last_message(transaction, prompt.session_id, moment, head_id=answer.id, message_count=count)
            await add_usage(transaction, scope, DailyUsage(answers=1))
            return await _load_exchange(transaction, scope, prompt_id, answer.id)

    async def siblings(self, scope: AnyScope, message: MessageRecord) -> tuple[MessageRecord, ...]:
        async with self._database.snapshot() as reader:
            return await siblings(reader, scope, message)

    async def find_unfinished(self, scope: AnyScope, session_id: SessionId) -> tuple[MessageRecord, ...]:
        included = scope_filter(scope, "messages")
        async with self._database.snapshot() as reader:
            unfinished = Message.filter(session_id=session_id, status__in=UNFINISHED)
            rows = await included.apply(unfinished).only("id").using_db(reader)
            found = await load_messages(reader, scope, [row.id for row in rows])
        return tuple(found[each] for each in sorted(found))

    async def get(self, scope: AnyScope, message_id: MessageId) -> MessageRecord:
        async with self._database.snapshot() as reader:
            return await load_message(reader, scope, message_id)

    async def find(self, scope: AnyScope, message_id: MessageId) -> MessageRecord | None:
        return (await self.find_many(scope, [message_id])).get(message_id)

    async def find_many(self, scope: AnyScope, message_ids: Sequence[MessageId]) -> Mapping[MessageId, MessageRecord]:
        async with self._database.snapshot() as reader:
            found = await load_messages(reader, scope, message_ids)
        return {record.id: record for record in found.values()}

    async def page(self, scope: AnyScope, session_id: SessionId, request: PageRequest) -> Page[MessageRecord]:
        async with self._database.snapshot() as reader:
            listing = _list_messages(scope, session_id)
            return await page(reader, listing, request, lambda client, ids: load_messages(client, scope, ids))

    async def count(self, scope: AnyScope, session_id: SessionId) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _list_messages(scope, session_id))

    async def history(self, scope: AnyScope, before: MessageId, pairs: int) -> tuple[MessageRecord, ...]:
        if pairs <= 0:
            return ()
        included = scope_filter(scope, "messages")
        query = _HISTORY.format(path=PATH, included=included.sql)
        async with self._database.snapshot() as reader:
            rows = await fetch(reader, query, [before, before, *included.values, pairs])
            ids = [row[column] for row in reversed(rows) for column in (0, 1)]
            found = await load_messages(reader, scope, ids)
        return tuple(found[message_id] for message_id in ids)

    async def checkpoint(self, scope: AnyScope, progress: AnswerProgress) -> None:
        """Store progress. No-op for an answer that has ended or was deleted: a late checkpoint cannot undo its end."""
        async with self._database.writing() as transaction:
            is_stored = await store_progress(transaction, scope, progress)
            if is_stored and progress.citations is not None:
                await store_citations(transaction, progress.message_id, progress.citations)

    async def finish(self, scope: AnyScope, message: MessageRecord, used: TokenCount = UNCOUNTED) -> MessageRecord:
        """Store the end of an answer. Only the first call adds usage. Raises `NotFound` after the usage was added."""
        async with self._database.writing() as transaction:
            stored = (await load_messages(transaction, scope, [message.id])).get(message.id)
            if stored is None or not stored.status.terminal:
                await add_usage(transaction, scope, _usage_at_end(stored and message, used))
            if stored is not None:
                await Message.filter(id=message.id).using_db(transaction).update(**answer_columns(message))
                await store_citations(transaction, message.id, message.citations)
                if not stored.status.terminal:
                    await add_answer(transaction, message)
                return await load_message(transaction, scope, message.id)
        raise NotFound("message", message.id)

    async def fail_unfinished(self, scope: AnyScope) -> tuple[MessageRecord, ...]:
        included = scope_filter(scope, "messages")
        async with self._database.writing() as transaction:
            unfinished = included.apply(Message.filter(status__in=UNFINISHED)).using_db(transaction)
            rows = await unfinished.order_by("id").only("id")
            ids = [row.id for row in rows]
            failed = {"status": MessageStatus.FAILED.value, "error": pack(INTERRUPTED), "completed_at": now()}
            await Message.filter(id__in=ids).using_db(transaction).update(**failed)
            await add_failed_answers(transaction, ids)
            return tuple((await load_messages(transaction, scope, ids)).values())

    async def delete_exchange(self, scope: AnyScope, message_id: MessageId) -> tuple[MessageId, ...]:
        async with self._database.writing() as transaction:
            return await delete_message(transaction, scope, message_id)

    async def rate(self, scope: AnyScope, message_id: MessageId, rating: MessageRating | None) -> MessageRecord:
        async with self._database.writing() as transaction:
            await load_message(transaction, scope, message_id)
            await Message.filter(id=message_id).using_db(transaction).update(rating=rating and rating.value)
            return await load_message(transaction, scope, message_id)


def _usage_at_end(message: MessageRecord | None, used: TokenCount) -> DailyUsage:
    """Return the usage that is known at the end of an answer. None: the message was deleted before."""
    is_failed = message is not None and message.status is MessageStatus.FAILED
    return DailyUsage(failed_answers=int(is_failed), prompt_tokens=used.prompt, completion_tokens=used.completion)


def _list_messages(scope: AnyScope, session_id: SessionId) -> Listing:
    """Return the list of the messages from the first prompt of a session to its head. On a path, ids are their order."""
    included = scope_filter(scope, "messages")
    return Listing(
        order="messages",
        source="messages",
        key="messages.id",
        id="messages.id",
        key_type=int,
        where=f"messages.id IN ({_PATH_TO_HEAD}) AND {included.unindexed}",  # constants
        values=(session_id, *included.values),
    )


async def _create_prompt(
    transaction: BaseDBAsyncClient,
    common: Mapping[str, Any],
    parent_id: int | None,
    content: str,
    idempotency_key: str | None,
) -> Message:
    return await Message.create(
        using_db=transaction,
        **common,
        parent_id=parent_id,
        role=MessageRole.USER.value,
        content=encodable(content),
        status=MessageStatus.COMPLETED.value,
        idempotency_key=idempotency_key and encodable(idempotency_key),
        completed_at=common["created_at"],
    )


async def _create_answer(
    transaction: BaseDBAsyncClient, common: Mapping[str, Any], prompt_id: int, model_id: ModelId, model_name: str
) -> Message:
    return await Message.create(
        using_db=transaction,
        **common,
        parent_id=prompt_id,
        role=MessageRole.ASSISTANT.value,
        content="",
        status=MessageStatus.PENDING.value,
        model_id=model_id,
        model_name=model_name,
    )


async def _find_exchange(
    transaction: BaseDBAsyncClient, scope: AnyScope, session_id: SessionId, idempotency_key: str | None
) -> tuple[MessageRecord, MessageRecord] | None:
    if idempotency_key is None:
        return None
    same = scope_filter(scope, "messages").apply(
        Message.filter(session_id=session_id, idempotency_key=encodable(idempotency_key))
    )
    prompt = await same.using_db(transaction).first()
    if prompt is None:
        return None
    answer = await Message.filter(parent_id=prompt.id, role="ASSISTANT").using_db(transaction).order_by("-id").first()
    assert answer is not None, "prompt and answer are stored and deleted together"
    return await _load_exchange(transaction, scope, prompt.id, answer.id)


async def _load_exchange(
    transaction: BaseDBAsyncClient, scope: AnyScope, prompt_id: int, answer_id: int
) -> tuple[MessageRecord, MessageRecord]:
    found = await load_messages(transaction, scope, [prompt_id, answer_id])
    return found[prompt_id], found[answer_id]
