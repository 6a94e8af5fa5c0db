"""Subscriptions of many clients with the same operation: each event is executed and encoded once for all of them.

Clients with equal access scopes that send the same document, operation name and variables share a subscription. An event
that may be shared has an attribute `source_event`, which is the same object for all clients that are notified of the same
change. The payload that is executed for the first of these clients is also sent to the others. Decision 0010 has the
measured effect.
"""

import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import anyio
import orjson

from records.access import AccessScope
from transport.http.graphql_request import GraphQLRequest
from transport.json_codec import EncodedPayload

CACHED_EVENTS = 32
"""Number of the newest events whose payloads are cached.

For a client that lags further behind, events are executed again.
"""
MAX_CACHED_PAYLOAD = 16_384
"""Maximum length, in characters, of a payload that is cached."""

Key: TypeAlias = tuple[AccessScope, str, str | None, bytes]


class SharedSubscription:
    """One operation, with the number of its clients and the cached payloads of its newest events."""

    def __init__(self) -> None:
        self.clients = 0
        self._executing = anyio.Lock(fast_acquire=True)
        self._payloads: OrderedDict[int, tuple[object, EncodedPayload]] = OrderedDict()

    async def payload(self, event: object, execute: Callable[[], Awaitable[EncodedPayload]]) -> EncodedPayload:
        """Return the cached payload of an event, or execute it once for all clients.

        If the executing client is canceled, the next waiting client executes the event.
        """
        source = getattr(event, "source_event", None)
        if source is None or self.clients < 2:
            return await execute()
        if (cached := self._payloads.get(id(source))) is not None:
            return cached[1]
        async with self._executing:
            cached = self._payloads.get(id(source))
            return cached[1] if cached is not None else self._store(source, await execute())

    def _store(self, source: object, payload: EncodedPayload) -> EncodedPayload:
        if len(payload) <= MAX_CACHED_PAYLOAD:
            self._payloads[id(source)] = (source, payload)  # the source keeps its id valid
            while len(self._payloads) > CACHED_EVENTS:
                self._payloads.popitem(last=False)
        return payload


class SharedSubscriptions:
    """All subscriptions of the server, by access scope and operation."""

    def __init__(self) -> None:
        self._subscriptions: dict[Key, SharedSubscription] = {}

    def __len__(self) -> int:
        return len(self._subscriptions)

    @contextmanager
    def join(self, scope: AccessScope, request: GraphQLRequest) -> Iterator[SharedSubscription]:
        """Return the shared subscription for a scope and a request. It is removed when its last client leaves the block."""
        key = (scope, request.query, request.operation_name, _encode_variables(request))
        subscription = self._subscriptions.setdefault(key, SharedSubscription())
        subscription.clients += 1
        try:
            yield subscription
        finally:
            subscription.clients -= 1
            if not subscription.clients:
                del self._subscriptions[key]


def _encode_variables(request: GraphQLRequest) -> bytes:
    try:
        return orjson.dumps(request.variables or {}, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # orjson rejects half a surrogate pair; the standard library escapes it
        return json.dumps(request.variables, sort_keys=True).encode()
