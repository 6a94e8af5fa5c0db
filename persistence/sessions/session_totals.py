"""Columns of a session that are computed from its messages: their number, token usage, last model and last time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import F

from persistence.database.json_columns import now, stamp
from persistence.database.sqlite import execute
from persistence.database.tables import Session
from records.ids import SessionId
from records.session import MessageRecord, MessageRole, TokenUsage

_SUBTRACT = """
    UPDATE sessions SET
        message_count = message_count - ?2,
        prompt_tokens = max(0, prompt_tokens - ?3),
        cached_tokens = max(0, cached_tokens - ?4),
        completion_tokens = max(0, completion_tokens - ?5),
        reasoning_tokens = max(0, reasoning_tokens - ?6),
        updated_at = ?7,
        last_message_at = newest.moment,
        active_at = coalesce(newest.moment, created_at),
        model_id = (SELECT model_id FROM messages WHERE id = newest.answer_id),
        model_name = (SELECT model_name FROM messages WHERE id = newest.answer_id)
    FROM (
        SELECT max(coalesce(completed_at, created_at)) AS moment,
            max(CASE WHEN role = 'ASSISTANT' AND completed_at IS NOT NULL THEN id END) AS answer_id
        FROM messages WHERE session_id = ?1
    ) AS newest
    WHERE sessions.id = ?1
"""


async def add_answer(transaction: BaseDBAsyncClient, answer: MessageRecord) -> None:
    """Add an ended answer to its session: model, time and token usage."""
    usage = _usage(answer)
    await set_last_message(
        transaction,
        answer.session_id,
        answer.completed_at or now(),
        model_id=answer.model_id,
        model_name=answer.model_name,
        prompt_tokens=F("prompt_tokens") + usage.prompt_tokens,
        cached_tokens=F("cached_tokens") + usage.cached_tokens,
        completion_tokens=F("completion_tokens") + usage.completion_tokens,
        reasoning_tokens=F("reasoning_tokens") + usage.reasoning_tokens,
    )


async def set_last_message(
    transaction: BaseDBAsyncClient, session_id: SessionId, moment: datetime, **columns: object
) -> None:
    """Set the time of a session's last message, and other columns."""
    columns |= {"updated_at": moment, "last_message_at": moment, "active_at": moment}
    await Session.filter(id=session_id).using_db(transaction).update(**columns)


async def subtract_messages(
    transaction: BaseDBAsyncClient, session_id: SessionId, deleted: Sequence[MessageRecord]
) -> None:
    """Subtract messages from their session. Call it after they were deleted."""
    usages = [_usage(message) for message in deleted]
    await execute(
        transaction,
        _SUBTRACT,
        [
            session_id,
            len(deleted),
            sum(usage.prompt_tokens for usage in usages),
            sum(usage.cached_tokens for usage in usages),
            sum(usage.completion_tokens for usage in usages),
            sum(usage.reasoning_tokens for usage in usages),
            stamp(now()),
        ],
    )


def totals(messages: Sequence[MessageRecord]) -> dict[str, Any]:
    """Return the columns of a session that are computed from its messages, which are in their order."""
    usages = [_usage(message) for message in messages]
    times = [message.completed_at or message.created_at for message in messages]
    answers = [message for message in messages if message.role is MessageRole.ASSISTANT and message.completed_at]
    latest = max(times, default=None)
    return {
        "message_count": len(messages),
        "prompt_tokens": sum(usage.prompt_tokens for usage in usages),
        "cached_tokens": sum(usage.cached_tokens for usage in usages),
        "completion_tokens": sum(usage.completion_tokens for usage in usages),
        "reasoning_tokens": sum(usage.reasoning_tokens for usage in usages),
        "last_message_at": latest,
        "model_id": answers[-1].model_id if answers else None,
        "model_name": answers[-1].model_name if answers else None,
    }


def _usage(message: MessageRecord) -> TokenUsage:
    return message.generation.usage if message.generation else TokenUsage()
