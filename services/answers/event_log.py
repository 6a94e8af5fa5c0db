"""The event log of an answer: numbered events in a ring of bounded size, followed by cursor.

A follower reads at its own pace from the ring; what waits for it is handed over with neighbouring deltas joined, so a slow
one gets fewer and larger events. One that fell out of the ring gets a `Gap` with everything so far. The log ends with
exactly one terminal event. No follower is ever waited for.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from records.answer import TERMINAL, AnswerEvent, Gap, ReasoningWritten, TextWritten
from records.ids import MessageId

RING = 1024


class EventLog:
    def __init__(self, message_id: MessageId, ring: int = RING) -> None:
        self.message_id = message_id
        self.last_seq = 0
        self.ended = False
        self._events: deque[AnswerEvent] = deque(maxlen=ring)
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._content_length = 0
        self._reasoning_length = 0
        self._news = asyncio.Event()

    @property
    def content(self) -> str:
        return "".join(self._content)

    @property
    def reasoning(self) -> str:
        return "".join(self._reasoning)

    def append(self, make: Callable[[int], AnswerEvent]) -> None:
        """Number and keep an event. After the terminal one nothing may follow."""
        if self.ended:
            raise RuntimeError("an answer's log takes nothing after its terminal event")
        self.last_seq += 1
        event = make(self.last_seq)
        self._events.append(event)
        self.ended = isinstance(event, TERMINAL)
        self._wake()

    def write_text(self, text: str) -> None:
        offset = self._content_length
        self._content.append(text)
        self._content_length += len(text)
        self.append(lambda seq: TextWritten(seq, self.message_id, text, offset))

    def write_reasoning(self, text: str) -> None:
        offset = self._reasoning_length
        self._reasoning.append(text)
        self._reasoning_length += len(text)
        self.append(lambda seq: ReasoningWritten(seq, self.message_id, text, offset))

    async def follow(self, after: int = 0) -> AsyncGenerator[AnswerEvent, None]:
        """Replay the events behind `after`, then go on live to the terminal one."""
        while True:
            news = self._news
            for event in self._behind(after):
                after = event.seq
                yield event
                if isinstance(event, TERMINAL):
                    return
            if after >= self.last_seq:
                if self.ended:
                    return
                await news.wait()

    def _behind(self, after: int) -> Sequence[AnswerEvent]:
        first = self._events[0].seq if self._events else 1
        if after + 1 < first:
            return self._gap()
        return _joined(islice(self._events, after + 1 - first, None))

    def _gap(self) -> Sequence[AnswerEvent]:
        """Everything so far; where the log has ended, the terminal event is kept for after it."""
        seq = self.last_seq - 1 if self.ended else self.last_seq
        return (Gap(seq, self.message_id, self.content, self.reasoning),)

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


def _joined(events: Iterable[AnswerEvent]) -> Sequence[AnswerEvent]:
    """Neighbouring deltas of one kind become one that ends where the last of them did."""
    joined: list[AnswerEvent] = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, TextWritten | ReasoningWritten) and type(last) is type(event):
            joined[-1] = replace(last, seq=event.seq, text=last.text + event.text)
        else:
            joined.append(event)
    return joined
