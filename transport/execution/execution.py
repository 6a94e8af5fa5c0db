"""The one place that runs operations, whatever they came by: read, measured, executed, their errors masked.

A context is made for every operation, and for every event of a subscription, so that what loaders remember is gone with it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from inspect import isawaitable
from typing import Any, TypeAlias, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution import (
    Executor,
    create_source_event_stream,
    execute_subscription_event,
)
from starlette.requests import HTTPConnection
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from records.codes import ErrorCode
from records.settings import Limits
from transport.execution.cost import CostReckoner
from transport.execution.executor import executor_class
from transport.execution.limits import operations_of, too_large
from transport.execution.reading import DocumentReader
from transport.http.encoding import Encoded, encode
from transport.http.requests import GraphQLRequest
from transport.security.masking import Masking
from transport.security.refusals import BAD_REQUEST, BAD_USER_INPUT, Formatted, OperationRefused
from transport.websocket.shared_subscription import Audiences

ContextFactory: TypeAlias = Callable[[HTTPConnection], object]
"""Makes the context of one operation; called for each."""

Payload: TypeAlias = dict[str, Any]
"""A GraphQL response: `data`, `errors`, `extensions`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One that may run."""

    request: GraphQLRequest
    connection: HTTPConnection
    document: DocumentNode
    node: OperationDefinitionNode
    cost: int
    id: str = ""
    "Of this server's own making; stands in the log's lines."
    began: float = 0.0
    "By `perf_counter`."

    @property
    def kind(self) -> OperationType:
        return self.node.operation

    @property
    def name(self) -> str | None:
        return self.node.name.value if self.node.name else None


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds. What takes longer belongs into a mutation that starts it and a subscription that watches it."""

    query: float = 30.0
    mutation: float = 120.0


class Operations:
    def __init__(
        self, schema: Schema, context_factory: ContextFactory, limits: Limits, times: TimeLimits, *, introspection: bool
    ) -> None:
        self._context_factory = context_factory
        self._limits = limits
        self._times = times
        self._reader = DocumentReader(schema._schema, limits, introspection=introspection)
        self._audiences = Audiences()
        self._reckoner = CostReckoner(schema._schema, limits.max_page_size)
        self._build = partial(
            executor_class(schema).build,
            schema._schema,
            is_awaitable=cast(Any, optimized_is_awaitable),  # a guard of types, but not annotated as one
            max_coercion_errors=limits.max_errors - 1,
            hide_suggestions=not introspection,
        )

    def prepare(self, request: GraphQLRequest, connection: HTTPConnection) -> Operation:
        """Raises `OperationRefused`."""
        with surprises_masked(Masking(None, 1)):
            document = self._reader.read(request.query)
            node = _chosen(operations_of(document), request.operation_name)
            cost = self._reckoner.cost(document, node, request.variables)
        if cost > self._limits.max_cost:
            message = f"The operation may cost {cost}; {self._limits.max_cost} is the most. Ask for smaller pages."
            raise OperationRefused([{**too_large(message, node).formatted}])
        return Operation(request, connection, document, node, cost)

    async def run(self, operation: Operation) -> Payload:
        """A query or mutation to its end. Raises `OperationRefused` where it could not even begin, or took too long."""
        seconds = self._times.query if operation.kind is OperationType.QUERY else self._times.mutation
        masking = self._masking(operation)
        with surprises_masked(masking):
            try:
                async with asyncio.timeout(seconds):
                    result = self._executor(operation).execute_operation()
                    if isawaitable(result):
                        result = await result
            except TimeoutError:
                raise _took_too_long(operation, seconds) from None
            assert isinstance(result, ExecutionResult), "nothing is deferred: the schema does not know how"
        return self._payload(result, masking) | {"extensions": {"cost": operation.cost}}

    async def stream(self, operation: Operation) -> AsyncGenerator[Encoded, None]:
        """The events of a subscription, encoded. Raises `OperationRefused` where it cannot begin, or its source fails."""
        masking = self._masking(operation)
        with surprises_masked(masking), self._audiences.join(operation.request) as audience:
            executor = self._executor(operation)
            async with aclosing(await self._source(executor, operation, masking)) as source:
                async for event in source:
                    make = partial(self._event, executor, operation, event, masking)
                    yield await audience.payload(event, make)

    async def _source(
        self, executor: Executor[Any], operation: Operation, masking: Masking
    ) -> AsyncGenerator[object, None]:
        try:
            async with asyncio.timeout(self._times.query):
                found = create_source_event_stream(executor)
                if isawaitable(found):
                    found = await found
        except TimeoutError:
            raise _took_too_long(operation, self._times.query) from None
        if isinstance(found, AsyncGenerator):
            return found
        assert isinstance(found, ExecutionResult), "our streams are generators"
        raise OperationRefused(masking.errors(found.errors or ()))

    async def _event(self, executor: Executor[Any], operation: Operation, event: object, masking: Masking) -> Encoded:
        one = executor.build_per_event_executor(event)
        one.context_value = self._context_factory(operation.connection)
        result = execute_subscription_event(one)
        if not isinstance(result, ExecutionResult):
            result = await result
        payload = self._payload(result, masking)
        return Encoded(encode(payload, masking).decode(), payload.get("errors", ()))

    def _executor(self, operation: Operation) -> Executor[Any]:
        built = self._build(
            operation.document,
            context_value=self._context_factory(operation.connection),
            raw_variable_values=operation.request.variables,
            operation_name=operation.request.operation_name,
            operation_extensions=operation.request.extensions,
        )
        if isinstance(built, list):
            raise OperationRefused([_of_input(error) for error in built])
        return built

    def _payload(self, result: ExecutionResult, masking: Masking) -> Payload:
        if result.errors:
            return {"errors": masking.errors(result.errors), "data": result.data}
        return {"data": result.data}

    def _masking(self, operation: Operation) -> Masking:
        return Masking(operation.name, self._limits.max_errors)


@contextmanager
def surprises_masked(masking: Masking) -> Iterator[None]:
    """The boundary of all operations: whatever ends one in here ends no connection, and shows nothing of itself."""
    try:
        yield
    except OperationRefused:
        raise
    except Exception as cause:  # noqa: BLE001  # told by its code where it is expected, logged and masked otherwise
        raise OperationRefused([masking.surprise(cause)], HTTPStatus.INTERNAL_SERVER_ERROR) from None


def _chosen(operations: Sequence[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    if name is None and len(operations) == 1:
        return operations[0]
    for operation in operations:
        if name is not None and operation.name and operation.name.value == name:
            return operation
    message = "`operationName` must say which operation is meant." if name is None else "There is no such operation."
    raise OperationRefused([{"message": message, "extensions": {"code": BAD_REQUEST}}])


def _of_input(error: GraphQLError) -> Formatted:
    return {**error.formatted} | {"extensions": {"code": BAD_USER_INPUT, **(error.extensions or {})}}


def _took_too_long(operation: Operation, seconds: float) -> OperationRefused:
    message = f"The {operation.kind.value} was stopped after {seconds:g} seconds."
    error = {"message": message, "extensions": {"code": ErrorCode.CANCELED}}
    return OperationRefused([error], HTTPStatus.SERVICE_UNAVAILABLE)
