"""The event log of an answer: numbered events in a bounded ring, followed by cursor.

A follower reads at its own pace. Consecutive text events that it has not read are joined, so that a slow follower receives
fewer and larger events. A follower that falls behind the ring receives a `Gap` with the whole text. The log ends with
exactly one terminal event. Appending never waits for a follower.
"""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from concurrency import Signal
from records.answer import TERMINAL, AnswerEvent, Gap, ReasoningWritten, TextWritten
from records.ids import MessageId

RING = 1024
"""Maximum number of events that a log keeps, the newest ones."""


class GrowingText:
    """A text to which pieces are appended, and which can be read from any earlier offset."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.length = 0
        "In code points."

    @property
    def piece_count(self) -> int:
        return len(self._pieces)

    def append(self, piece: str) -> int:
        """Append a piece and return its offset in code points."""
        offset = self.length
        self._pieces.append(piece)
        self.length += len(piece)
        return offset

    def since(self, piece_count: int) -> str:
        """Return the text without its first `piece_count` pieces."""
        return "".join(islice(self._pieces, piece_count, None))


class EventLog:
    """Numbers, keeps and replays the events of one answer."""

    def __init__(self, message_id: MessageId, ring: int = RING) -> None:
        """`ring` is the number of events that are kept."""
        self.message_id = message_id
        self.last_seq = 0
        self.ended = False
        self.content_text = GrowingText()
        self.reasoning_text = GrowingText()
        self._events: deque[AnswerEvent] = deque(maxlen=ring)
        self._appended = Signal()

    @property
    def content(self) -> str:
        """The text of the answer so far."""
        return self.content_text.since(0)

    @property
    def reasoning(self) -> str:
        """The reasoning of the answer so far."""
        return self.reasoning_text.since(0)

    def append(self, make: Callable[[int], AnswerEvent]) -> None:
        """Append the event that `make` returns for the next sequence number, and notify the followers.

        Raises `RuntimeError` after the terminal event.
        """
        if self.ended:
            raise RuntimeError("an event was appended to an answer's log after its terminal event")
        self.last_seq += 1
        event = make(self.last_seq)
        self._events.append(event)
        self.ended = isinstance(event, TERMINAL)
        self._appended.set()

    def write_text(self, text: str) -> None:
        """Append text to the answer."""
        offset = self.content_text.append(text)
        self.append(lambda seq: TextWritten(seq, self.message_id, text, offset))

    def write_reasoning(self, text: str) -> None:
        """Append text to the reasoning."""
        offset = self.reasoning_text.append(text)
        self.append(lambda seq: ReasoningWritten(seq, self.message_id, text, offset))

    async def follow(self, after: int = 0) -> AsyncGenerator[AnswerEvent, None]:
        """Yield the events after the sequence number `after`, then each new one, until the terminal event."""
        while True:
            for event in self._events_after(after):
                after = event.seq
                yield event
            if self.ended and after >= self.last_seq:
                return
            await self._appended.wait_until(lambda seen=after: self.last_seq > seen)  # type: ignore[misc]

    def _events_after(self, after: int) -> Sequence[AnswerEvent]:
        first = self._events[0].seq if self._events else 1
        if after + 1 < first:
            return self._gap()
        return _joined(islice(self._events, after + 1 - first, None))

    def _gap(self) -> Sequence[AnswerEvent]:
        """Return the whole text as one event, numbered so that a terminal event still follows it."""
        seq = self.last_seq - 1 if self.ended else self.last_seq
        return (Gap(seq, self.message_id, self.content, self.reasoning),)


def _joined(events: Iterable[AnswerEvent]) -> Sequence[AnswerEvent]:
    """Join consecutive text events of one kind. A joined event has the sequence number of the last event in it."""
    joined: list[AnswerEvent] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, TextWritten | ReasoningWritten) and type(last) is type(event):
            joined[-1] = replace(last, seq=event.seq, text=last.text + event.text)
        else:
            joined.append(event)
    return joined
