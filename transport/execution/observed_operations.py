"""Logs, traces and counts operations: each operation has one log line, one span and one count, made at its end.

The text of an operation, its variables, query strings and headers are neither logged nor traced.
"""

import re
import uuid
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from time import perf_counter
from typing import Protocol

import anyio
import structlog
from starlette.requests import HTTPConnection
from strawberry import Schema
from structlog.contextvars import bind_contextvars, bound_contextvars, unbind_contextvars

from records.access import Exchange, Viewer
from records.configuration import Limits
from records.tracing import NoTracing, Span, Tracer
from transport.errors import Formatted, OperationRejected, RequestRejected
from transport.execution.operations import Contexts, Operation, Operations, Payload, TimeLimits
from transport.http.graphql_request import GraphQLRequest
from transport.json_codec import EncodedPayload

OK, ERRORS, REFUSED, CANCELED = "ok", "errors", "refused", "canceled"
UNKNOWN = "unknown"
"""Kind of an operation that could not be parsed."""
MAX_NAME = 80

log = structlog.stdlib.get_logger("graphlore.operations")


class Meter(Protocol):
    """Counts operations and connections.

    `kind` is query, mutation, subscription or unknown; `outcome` is ok, errors, refused or canceled; `transport` is http
    or websocket.
    """

    def began(self, kind: str) -> None: ...
    def ended(self, kind: str, outcome: str, transport: str, seconds: float) -> None:
        """Count the end of an operation that began."""
        ...

    def refused(self, transport: str) -> None:
        """Count an operation that was rejected before it began."""
        ...

    def connected(self) -> None: ...
    def disconnected(self) -> None: ...


class NoMeter:
    """A meter that counts nothing."""

    def began(self, kind: str) -> None: ...
    def ended(self, kind: str, outcome: str, transport: str, seconds: float) -> None: ...
    def refused(self, transport: str) -> None: ...
    def connected(self) -> None: ...
    def disconnected(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Observer:
    """Receives the spans and the counts of all operations."""

    tracer: Tracer = field(default_factory=NoTracing)
    meter: Meter = field(default_factory=NoMeter)


@dataclass(slots=True)
class Observation:
    """The outcome and the error codes of an operation so far."""

    outcome: str = OK
    codes: set[str] = field(default_factory=set)

    def record(self, errors: Iterable[Formatted], outcome: str = ERRORS) -> None:
        for error in errors:
            self.outcome = outcome
            self.codes.add(str(error.get("extensions", {}).get("code", "GRAPHQL")))


class ObservedOperations(Operations):
    """Operations that are logged, traced and counted."""

    def __init__(
        self,
        schema: Schema,
        contexts: Contexts,
        limits: Limits,
        times: TimeLimits,
        observer: Observer,
        *,
        introspection: bool,
    ) -> None:
        super().__init__(schema, contexts, limits, times, introspection=introspection)
        self._tracer, self._meter = observer.tracer, observer.meter

    def prepare(
        self, request: GraphQLRequest, connection: HTTPConnection, viewer: Viewer, exchange: Exchange
    ) -> Operation:
        started_at, operation_id, transport = perf_counter(), new_id(), connection.scope["type"]
        with bound_contextvars(operation_id=operation_id):
            try:
                operation = super().prepare(request, connection, viewer, exchange)
            except (OperationRejected, RequestRejected) as rejection:
                observation = Observation()
                observation.record(rejection.errors, _rejection_outcome(rejection))
                self._meter.refused(transport)
                _log(request.operation_name, UNKNOWN, transport, observation, started_at, None)
                raise
        return replace(operation, id=operation_id, started_at=started_at)

    async def run(self, operation: Operation) -> Payload:
        with self._observed(operation) as observation:
            payload = await super().run(operation)
            observation.record(payload.get("errors", ()))
            return payload

    async def stream(self, operation: Operation) -> AsyncGenerator[EncodedPayload, None]:
        with self._observed(operation) as observation:
            async with aclosing(super().stream(operation)) as payloads:
                async for payload in payloads:
                    observation.record(payload.errors)
                    yield payload

    @contextmanager
    def _observed(self, operation: Operation) -> Iterator[Observation]:
        kind, transport, observation = operation.kind.value, operation.connection.scope["type"], Observation()
        # Bound and unbound without tokens, because the task that closes a stream may not be the one that started it.
        bind_contextvars(operation_id=operation.id)
        self._meter.began(kind)
        try:
            with self._tracer.span(kind, operation.connection.headers) as span, _failures_recorded(observation, span):
                span.set("graphql.operation.type", kind)
                if operation.name:
                    span.set("graphql.operation.name", operation.name[:MAX_NAME])
                yield observation
        finally:
            self._meter.ended(kind, observation.outcome, transport, perf_counter() - operation.started_at)
            _log(operation.name, kind, transport, observation, operation.started_at, operation.cost)
            unbind_contextvars("operation_id")


@contextmanager
def _failures_recorded(observation: Observation, span: Span) -> Iterator[None]:
    """Record a rejection or a cancellation that is raised in the block; mark the span with the first error code."""
    try:
        yield
    except OperationRejected as rejection:
        observation.record(rejection.errors, _rejection_outcome(rejection))
        raise
    except (anyio.get_cancelled_exc_class(), GeneratorExit):
        observation.outcome = CANCELED
        raise
    finally:
        if observation.codes:
            span.fail(min(observation.codes))


def _rejection_outcome(rejection: OperationRejected | RequestRejected) -> str:
    """Return the outcome of a rejected operation.

    It is ERRORS if the operation exceeded its time or failed unexpectedly, because it had begun; otherwise REFUSED.
    """
    return ERRORS if rejection.status >= HTTPStatus.INTERNAL_SERVER_ERROR else REFUSED


def _log(
    name: str | None, kind: str, transport: str, observation: Observation, started_at: float, cost: int | None
) -> None:
    """Log an operation: successful queries at DEBUG, everything else at INFO."""
    log_at_level = log.debug if (kind, observation.outcome) == ("query", OK) else log.info
    log_at_level(
        "operation", name=name and _loggable(name), kind=kind, transport=transport, outcome=observation.outcome,
        codes=sorted(observation.codes), milliseconds=round(1000 * (perf_counter() - started_at), 1), cost=cost,
    )  # fmt: skip


def _loggable(name: str) -> str:
    """Return a name that GraphQL allows; `?` for other text, which could forge log lines."""
    return name[:MAX_NAME] if re.fullmatch(r"[_A-Za-z][_0-9A-Za-z]*", name) else "?"


def new_id() -> str:
    """Return an id of a request or an operation: 16 hexadecimal digits."""
    return uuid.uuid4().hex[:16]
