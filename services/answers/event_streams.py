"""Streams of an answer's events: from its log while that is kept, else rebuilt from the stored message."""

import uuid
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable

from records.access import AccessScope
from records.answer import AnswerEvent
from records.errors import InvalidInput
from records.ids import MessageId, UserId
from records.session import MessageRecord, MessageRole
from services.answers.cursors import HEAD, STORED, make_cursor, read_cursor
from services.answers.event_log import EventLog
from services.answers.stored_events import STORED_BASE, gap_and_end, stored_events

MAX_ENDED_LOGS = 64
"""Maximum number of logs of ended answers that are kept for followers that reconnect."""
BEFORE_FIRST = -1
"""A position before every event of a log: a follower that starts here receives a `Gap` first."""


class EventStreams:
    """Keeps the logs of ended answers and finds the position that a cursor names."""

    def __init__(self) -> None:
        self._epoch = uuid.uuid4().hex[:8]
        self._ended: OrderedDict[MessageId, tuple[UserId, EventLog]] = OrderedDict()
        "The kept logs by message id, each with the owner of the message."

    def keep(self, owner_id: UserId, log: EventLog) -> None:
        """Keep the log of an ended answer of a user; drop the oldest one if there are too many."""
        self._ended[log.message_id] = owner_id, log
        while len(self._ended) > MAX_ENDED_LOGS:
            self._ended.popitem(last=False)

    def forget(self, message_ids: Iterable[MessageId]) -> None:
        """Drop the logs of deleted messages."""
        for message_id in message_ids:
            self._ended.pop(message_id, None)

    def find(self, scope: AccessScope, message_id: MessageId) -> EventLog | None:
        """Return the log of an ended answer of the scope, or None if it is not kept."""
        owner_id, log = self._ended.get(message_id, (None, None))
        return log if scope.includes(owner_id) else None

    def cursor(self, event: AnswerEvent) -> str:
        """Return the cursor from which a client resumes after `event`."""
        return make_cursor(STORED if event.seq > STORED_BASE else self._epoch, event.seq)

    def follow(self, log: EventLog, after: str | None) -> AsyncGenerator[AnswerEvent, None]:
        """Yield the events of a log after a cursor: all for None, new ones and the terminal one for HEAD.

        Raises `InvalidInput` for a text that is not a cursor.
        """
        if after is None:
            return log.follow()
        if after == HEAD:
            return log.follow(log.last_seq - 1 if log.ended else log.last_seq)
        epoch, seq = read_cursor(after)
        return log.follow(min(seq, log.last_seq) if epoch == self._epoch else BEFORE_FIRST)

    def replay(self, message: MessageRecord, after: str | None) -> AsyncGenerator[AnswerEvent, None]:
        """Yield the events of a stored answer after a cursor. Raises `InvalidInput` for a prompt."""
        if message.role is not MessageRole.ASSISTANT:
            raise InvalidInput("This message is a prompt. Only answers have events.", field="message_id")
        return _each(_events_after(message, after))


def _events_after(message: MessageRecord, after: str | None) -> list[AnswerEvent]:
    events = stored_events(message)
    if after is None:
        return events
    if after == HEAD:
        return events[-1:]
    epoch, seq = read_cursor(after)
    return [event for event in events if event.seq > seq] if epoch == STORED else gap_and_end(message)


async def _each(events: Iterable[AnswerEvent]) -> AsyncGenerator[AnswerEvent, None]:
    for event in events:
        yield event
