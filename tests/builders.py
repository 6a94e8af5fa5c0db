"""Records with sensible parts, for tests that care about one or two of them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from records.ids import MessageId, SessionId
from records.session import MessageRecord, MessageRole, MessageStatus

THEN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def make_message(**parts: Any) -> MessageRecord:
    message = MessageRecord(
        id=MessageId(1),
        session_id=SessionId(1),
        parent_id=None,
        role=MessageRole.ASSISTANT,
        content="",
        reasoning=None,
        status=MessageStatus.COMPLETED,
        error=None,
        citations=(),
        model_id=None,
        model_name=None,
        thinking_mode=None,
        generation=None,
        rating=None,
        created_at=THEN,
        completed_at=None,
    )
    return replace(message, **parts)
