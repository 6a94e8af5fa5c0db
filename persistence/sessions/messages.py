"""Messages: an exchange is a prompt and its answer, stored together, finished together, deleted together."""

from collections.abc import Mapping, Sequence

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import F

from persistence.database.database import Database
from persistence.database.json_columns import now, pack
from persistence.database.keyset_pages import Listing, count, page
from persistence.database.sqlite import fetch
from persistence.database.tables import Message, Session
from persistence.search.words import bigrams
from persistence.sessions.accounting import account_for, forget_exchange, touch
from persistence.sessions.message_rows import (
    UNFINISHED,
    columns,
    load_citations,
    load_message,
    load_messages,
    store_citations,
    store_progress,
)
from records.answer import AnswerProgress
from records.codes import ErrorCode
from records.errors import Conflict, NotFound
from records.ids import MessageId, ModelId, SessionId
from records.page import Page, PageRequest
from records.session import (
    CitationRecord,
    MessageError,
    MessageRating,
    MessageRecord,
    MessageRole,
    MessageStatus,
    ThinkingMode,
)
from records.values.text import encodable

INTERRUPTED = MessageError(
    ErrorCode.INTERRUPTED, "The server was stopped before this answer was finished. Ask again to get a whole one."
)

_HISTORY = """
    SELECT answers.parent_id, answers.id FROM messages AS answers
    WHERE answers.session_id = ? AND answers.id < ? AND answers.role = 'ASSISTANT' AND answers.status = 'COMPLETED'
        AND answers.parent_id IS NOT NULL
    ORDER BY answers.id DESC LIMIT ?
"""


class Messages:
    """Implements `services.interfaces.message_store.MessageStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start_exchange(
        self,
        session_id: SessionId,
        content: str,
        *,
        thinking_mode: ThinkingMode,
        model_id: ModelId,
        model_name: str,
        idempotency_key: str | None,
    ) -> tuple[MessageRecord, MessageRecord, bool]:
        async with self._database.writing() as transaction:
            session = await Session.filter(id=session_id).using_db(transaction).first()
            if session is None:
                raise NotFound("session", session_id)
            known = await _known_exchange(transaction, session_id, idempotency_key)
            if known is not None:
                return *known, True
            await _refuse_second_answer(transaction, session_id)
            moment = now()
            prompt = await Message.create(
                using_db=transaction,
                session_id=session_id,
                parent_id=session.head_id,
                role=MessageRole.USER.value,
                content=encodable(content),
                bigrams=bigrams(content),
                status=MessageStatus.COMPLETED.value,
                thinking_mode=thinking_mode.value,
                idempotency_key=idempotency_key and encodable(idempotency_key),
                created_at=moment,
                completed_at=moment,
            )
            answer = await Message.create(
                using_db=transaction,
                session_id=session_id,
                parent_id=prompt.id,
                role=MessageRole.ASSISTANT.value,
                content="",
                status=MessageStatus.PENDING.value,
                model_id=model_id,
                model_name=model_name,
                thinking_mode=thinking_mode.value,
                created_at=moment,
            )
            await touch(transaction, session_id, moment, head_id=answer.id, message_count=F("message_count") + 2)
            return *await _exchange(transaction, prompt.id, answer.id), False

    async def find_exchange(
        self, session_id: SessionId, idempotency_key: str
    ) -> tuple[MessageRecord, MessageRecord] | None:
        async with self._database.snapshot() as reader:
            return await _known_exchange(reader, session_id, idempotency_key)

    async def find_unfinished(self, session_id: SessionId) -> MessageRecord | None:
        async with self._database.snapshot() as reader:
            row = await Message.filter(session_id=session_id, status__in=UNFINISHED).using_db(reader).first()
            return None if row is None else await load_message(reader, MessageId(row.id))

    async def get(self, message_id: MessageId) -> MessageRecord:
        async with self._database.snapshot() as reader:
            return await load_message(reader, message_id)

    async def find(self, message_id: MessageId) -> MessageRecord | None:
        return (await self.find_many([message_id])).get(message_id)

    async def find_many(self, message_ids: Sequence[MessageId]) -> Mapping[MessageId, MessageRecord]:
        async with self._database.snapshot() as reader:
            found = await load_messages(reader, message_ids)
        return {record.id: record for record in found.values()}

    async def page(self, session_id: SessionId, request: PageRequest) -> Page[MessageRecord]:
        async with self._database.snapshot() as reader:
            return await page(reader, _path(session_id), request, load_messages)

    async def count(self, session_id: SessionId) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _path(session_id))

    async def history(self, session_id: SessionId, before: MessageId, pairs: int) -> tuple[MessageRecord, ...]:
        if pairs <= 0:
            return ()
        async with self._database.snapshot() as reader:
            rows = await fetch(reader, _HISTORY, [session_id, before, pairs])
            ids = [row[column] for row in reversed(rows) for column in (0, 1)]
            found = await load_messages(reader, ids)
        return tuple(found[message_id] for message_id in ids)

    async def checkpoint(self, progress: AnswerProgress) -> None:
        """Store progress. No-op for an answer that has ended or was deleted: a late checkpoint never undoes an end."""
        async with self._database.writing() as transaction:
            is_stored = await store_progress(transaction, progress)
            if is_stored and progress.citations is not None:
                await store_citations(transaction, progress.message_id, progress.citations)

    async def finish(self, message: MessageRecord) -> MessageRecord:
        """Raises `NotFound` where the message is gone. Usage is added once, however often an end is stored."""
        async with self._database.writing() as transaction:
            stored = await load_message(transaction, message.id)
            changes = columns(message)
            await (
                Message.filter(id=message.id)
                .using_db(transaction)
                .update(**changes, bigrams=bigrams(changes["content"]))
            )
            await store_citations(transaction, message.id, message.citations)
            if not stored.status.terminal:
                await account_for(transaction, message)
            return await load_message(transaction, message.id)

    async def fail_unfinished(self) -> tuple[MessageRecord, ...]:
        async with self._database.writing() as transaction:
            rows = await Message.filter(status__in=UNFINISHED).using_db(transaction).order_by("id")
            for row in rows:
                await (
                    Message.filter(id=row.id)
                    .using_db(transaction)
                    .update(
                        status=MessageStatus.FAILED.value,
                        error=pack(INTERRUPTED),
                        bigrams=bigrams(row.content),
                        completed_at=now(),
                    )
                )
            return tuple((await load_messages(transaction, [row.id for row in rows])).values())

    async def delete_exchange(self, message_id: MessageId) -> tuple[MessageId, ...]:
        async with self._database.writing() as transaction:
            message = await load_message(transaction, message_id)
            answered = message.role is MessageRole.ASSISTANT and message.parent_id is not None
            prompt = await load_message(transaction, message.parent_id or message.id) if answered else message
            answers = await Message.filter(parent_id=prompt.id, role="ASSISTANT").using_db(transaction).order_by("id")
            if any(not MessageStatus(answer.status).terminal for answer in answers):
                raise Conflict("The answer is not finished. Cancel it first.")
            return await _delete(transaction, prompt, [prompt.id, *(MessageId(answer.id) for answer in answers)])

    async def rate(self, message_id: MessageId, rating: MessageRating | None) -> MessageRecord:
        async with self._database.writing() as transaction:
            await Message.filter(id=message_id).using_db(transaction).update(rating=rating and rating.value)
            return await load_message(transaction, message_id)

    async def citations(self, message_id: MessageId) -> tuple[CitationRecord, ...]:
        async with self._database.reading() as reader:
            return await load_citations(reader, message_id)


def _path(session_id: SessionId) -> Listing:
    """Every message is on the active path as long as nothing makes branches; ids are its order."""
    return Listing(
        order="messages",
        source="messages",
        key="messages.id",
        id="messages.id",
        kind=int,
        where="messages.session_id = ?",
        values=(session_id,),
    )


async def _known_exchange(
    transaction: BaseDBAsyncClient, session_id: SessionId, idempotency_key: str | None
) -> tuple[MessageRecord, MessageRecord] | None:
    if idempotency_key is None:
        return None
    same = Message.filter(session_id=session_id, idempotency_key=encodable(idempotency_key))
    prompt = await same.using_db(transaction).first()
    if prompt is None:
        return None
    answer = await Message.filter(parent_id=prompt.id, role="ASSISTANT").using_db(transaction).order_by("-id").first()
    assert answer is not None, "an exchange is stored and deleted whole"
    return await _exchange(transaction, prompt.id, answer.id)


async def _refuse_second_answer(transaction: BaseDBAsyncClient, session_id: SessionId) -> None:
    if await Message.filter(session_id=session_id, status__in=UNFINISHED).using_db(transaction).exists():
        raise Conflict("The session's last answer is not finished. Wait for it, or cancel it.")


async def _exchange(transaction: BaseDBAsyncClient, prompt: int, answer: int) -> tuple[MessageRecord, MessageRecord]:
    found = await load_messages(transaction, [prompt, answer])
    return found[prompt], found[answer]


async def _delete(transaction: BaseDBAsyncClient, prompt: MessageRecord, ids: list[MessageId]) -> tuple[MessageId, ...]:
    """Delete an exchange. Messages that followed it follow the message before it."""
    deleted = await load_messages(transaction, ids)
    after = Message.filter(parent_id__in=ids).exclude(id__in=ids).using_db(transaction)
    await after.update(parent_id=prompt.parent_id)
    await Message.filter(id__in=ids).using_db(transaction).delete()
    await Session.filter(id=prompt.session_id, head_id__in=ids).using_db(transaction).update(head_id=prompt.parent_id)
    await forget_exchange(transaction, prompt.session_id, list(deleted.values()))
    return tuple(ids)
