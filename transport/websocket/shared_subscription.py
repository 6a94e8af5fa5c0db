"""Events that many watch by one and the same operation are executed and encoded once for all of them.

An event that may be shared has an attribute `source_event`: the same object for all subscribers. Those who send the
same document, operation name and variables are an audience; what was made of an event for one of them is sent to the others.
Decision 0010 says what that saves.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import orjson

from transport.http.encoding import Encoded
from transport.http.requests import GraphQLRequest

REMEMBERED = 32
"""Events of an audience, the newest: those of its members that lag by more have theirs made again."""
LONGEST_REMEMBERED = 16_384
"""Characters of a payload."""

Key: TypeAlias = tuple[str, str | None, bytes]


class SharedSubscription:
    def __init__(self) -> None:
        self.size = 0
        self._making = asyncio.Lock()
        self._made: OrderedDict[int, tuple[object, Encoded]] = OrderedDict()

    async def payload(self, event: object, make: Callable[[], Awaitable[Encoded]]) -> Encoded:
        """What `make` gives, or gave for another. Where one leaves while it makes, the next one makes it."""
        told = getattr(event, "source_event", None)
        if told is None or self.size < 2:
            return await make()
        if (made := self._made.get(id(told))) is not None:
            return made[1]
        async with self._making:
            made = self._made.get(id(told))
            return made[1] if made is not None else self._remember(told, await make())

    def _remember(self, told: object, payload: Encoded) -> Encoded:
        if len(payload) <= LONGEST_REMEMBERED:
            self._made[id(told)] = (told, payload)  # held together: an id is given anew once its object is gone
            while len(self._made) > REMEMBERED:
                self._made.popitem(last=False)
        return payload


class Audiences:
    def __init__(self) -> None:
        self._audiences: dict[Key, SharedSubscription] = {}

    def __len__(self) -> int:
        return len(self._audiences)

    @contextmanager
    def join(self, request: GraphQLRequest) -> Iterator[SharedSubscription]:
        variables = orjson.dumps(request.variables or {}, option=orjson.OPT_SORT_KEYS)
        key = (request.query, request.operation_name, variables)
        audience = self._audiences.setdefault(key, SharedSubscription())
        audience.size += 1
        try:
            yield audience
        finally:
            audience.size -= 1
            if not audience.size:
                del self._audiences[key]
