"""What is told of requests and operations: ids for the log's lines, one line for each operation's end, spans, counts.

Never told: the text of an operation, its variables, a query string, a header.
"""

import asyncio
import re
import uuid
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from time import perf_counter
from typing import Protocol

import structlog
from starlette.requests import HTTPConnection
from strawberry import Schema
from structlog.contextvars import bind_contextvars, bound_contextvars, unbind_contextvars

from records.settings import Limits
from records.tracing import NoTracing, Span, Tracer
from transport.execution.execution import ContextFactory, Operation, Operations, Payload, TimeLimits
from transport.http.encoding import Encoded
from transport.http.requests import GraphQLRequest
from transport.security.refusals import Formatted, OperationRefused

OK, ERRORS, REFUSED, CANCELED = "ok", "errors", "refused", "canceled"
UNKNOWN = "unknown"
"""The kind of an operation that could not be read."""
LONGEST_NAME = 80

log = structlog.stdlib.get_logger("graphlore.operations")


class Meter(Protocol):
    """Counts. `kind` is query, mutation, subscription or unknown; `outcome` ok, errors, refused or canceled."""

    def began(self, kind: str) -> None: ...
    def ended(self, kind: str, outcome: str, transport: str, seconds: float) -> None:
        """Of one that began."""
        ...

    def refused(self, transport: str) -> None:
        """One that could not be read, or was too large to begin."""
        ...

    def connected(self) -> None: ...
    def disconnected(self) -> None: ...


class NoMeter:
    """Where nobody counts."""

    def began(self, kind: str) -> None: ...
    def ended(self, kind: str, outcome: str, transport: str, seconds: float) -> None: ...
    def refused(self, transport: str) -> None: ...
    def connected(self) -> None: ...
    def disconnected(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Observer:
    tracer: Tracer = field(default_factory=NoTracing)
    meter: Meter = field(default_factory=NoMeter)


@dataclass(slots=True)
class Seen:
    """What has been seen of an operation so far."""

    outcome: str = OK
    codes: set[str] = field(default_factory=set)

    def take(self, errors: Iterable[Formatted], outcome: str = ERRORS) -> None:
        for error in errors:
            self.outcome = outcome
            self.codes.add(str(error.get("extensions", {}).get("code", "GRAPHQL")))


class ObservedOperations(Operations):
    """Operations that tell of themselves, each once, at its end."""

    def __init__(
        self,
        schema: Schema,
        context_factory: ContextFactory,
        limits: Limits,
        times: TimeLimits,
        observer: Observer,
        *,
        introspection: bool,
    ) -> None:
        super().__init__(schema, context_factory, limits, times, introspection=introspection)
        self._tracer, self._meter = observer.tracer, observer.meter

    def prepare(self, request: GraphQLRequest, connection: HTTPConnection) -> Operation:
        began, own, transport = perf_counter(), new_id(), connection.scope["type"]
        with bound_contextvars(operation_id=own):
            try:
                operation = super().prepare(request, connection)
            except OperationRefused as refusal:
                seen = Seen()
                seen.take(refusal.errors, _refusal(refusal))
                self._meter.refused(transport)
                _tell(request.operation_name, UNKNOWN, transport, seen, began, None)
                raise
        return replace(operation, id=own, began=began)

    async def run(self, operation: Operation) -> Payload:
        with self._observed(operation) as seen:
            payload = await super().run(operation)
            seen.take(payload.get("errors", ()))
            return payload

    async def stream(self, operation: Operation) -> AsyncGenerator[Encoded, None]:
        with self._observed(operation) as seen:
            async with aclosing(super().stream(operation)) as payloads:
                async for payload in payloads:
                    seen.take(payload.errors)
                    yield payload

    @contextmanager
    def _observed(self, operation: Operation) -> Iterator[Seen]:
        kind, transport, seen = operation.kind.value, operation.connection.scope["type"], Seen()
        # Bound and unbound without tokens: a stream may be closed by another task than the one that began it.
        bind_contextvars(operation_id=operation.id)
        self._meter.began(kind)
        try:
            with self._tracer.span(kind, operation.connection.headers) as span, _noting(seen, span):
                span.set("graphql.operation.type", kind)
                if operation.name:
                    span.set("graphql.operation.name", operation.name[:LONGEST_NAME])
                yield seen
        finally:
            self._meter.ended(kind, seen.outcome, transport, perf_counter() - operation.began)
            _tell(operation.name, kind, transport, seen, operation.began, operation.cost)
            unbind_contextvars("operation_id")


@contextmanager
def _noting(seen: Seen, span: Span) -> Iterator[None]:
    """Note how an operation ends that does not come to its own end."""
    try:
        yield
    except OperationRefused as refusal:
        seen.take(refusal.errors, _refusal(refusal))
        raise
    except (asyncio.CancelledError, GeneratorExit):
        seen.outcome = CANCELED
        raise
    finally:
        if seen.codes:
            span.fail(min(seen.codes))


def _refusal(refusal: OperationRefused) -> str:
    """What took too long or met a surprise was not turned away: it failed."""
    return ERRORS if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR else REFUSED


def _tell(name: str | None, kind: str, transport: str, seen: Seen, began: float, cost: int | None) -> None:
    """Queries that went well are for who looks closely; everything else is what happened on this server."""
    tell = log.debug if (kind, seen.outcome) == ("query", OK) else log.info
    tell(
        "operation", name=name and _safe(name), kind=kind, transport=transport, outcome=seen.outcome,
        codes=sorted(seen.codes), milliseconds=round(1000 * (perf_counter() - began), 1), cost=cost,
    )  # fmt: skip


def _safe(name: str) -> str:
    """A name as GraphQL allows it; of anything else, which only a client that means no good sends, nothing is told."""
    return name[:LONGEST_NAME] if re.fullmatch(r"[_A-Za-z][_0-9A-Za-z]*", name) else "?"


def new_id() -> str:
    return uuid.uuid4().hex[:16]
