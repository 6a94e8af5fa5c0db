"""A client of `messageEvents` that loses its connection at random moments and counts missing events."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import Any

from websockets.exceptions import ConnectionClosed

from tests.support.served_graph import ANSWER
from tests.transport.websocket.client import open_socket


@dataclass
class ReconnectingClient:
    """Follows an answer and reconnects after each lost connection.

    `chance` selects the moments at which the connection is aborted. `wrong` is the number of events that were lost,
    repeated or out of order.
    """

    address: str
    answer: str
    chance: random.Random
    reconnects: int = 0
    events: int = 0
    wrong: int = 0
    gaps: int = 0
    text: str = ""
    ended_with: str | None = None
    after: str | None = field(default=None, repr=False)

    async def read_to_the_end(self) -> None:
        while self.ended_with is None:
            await self._read_until_abort()
            self.reconnects += self.ended_with is None

    async def _read_until_abort(self) -> None:
        async with open_socket(self.address, ping_interval=None, max_queue=None) as socket:
            await socket.initialise()
            await socket.subscribe("1", ANSWER, id=self.answer, after=self.after)
            with suppress(ConnectionClosed):
                for _ in range(self.chance.randrange(6)):
                    frame = await socket.receive()
                    assert frame["type"] == "next", frame
                    self._check(frame["payload"]["data"]["messageEvents"])
                    if self.ended_with is not None:
                        return
            if self.chance.random() < 0.7:
                socket.connection.transport.abort()

    def _check(self, event: dict[str, Any]) -> None:
        self.events += 1
        self.after = event["cursor"]
        match event["__typename"]:
            case "TextDelta":
                self.wrong += event["offset"] != len(self.text)
                self.text += event["text"]
            case "StreamGap":
                self.gaps += 1
                self.wrong += not event["content"].startswith(self.text)
                self.text = event["content"]
            case "MessageCompleted":
                self.ended_with = event["message"]["content"]


class NumberedWords:
    """An iterator over numbered words. It ends after `limit` words, or when `is_finished` is set."""

    def __init__(self, limit: float = inf) -> None:
        self.is_finished = False
        self._limit = limit

    def __iter__(self) -> Iterator[str]:
        number = 0
        while not self.is_finished and number < self._limit:
            number += 1
            yield f"{number} "
