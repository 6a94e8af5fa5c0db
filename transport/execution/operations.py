"""Runs the operations of all transports: parses and validates them, checks rights and limits, executes.

A context is created for every operation, and for every event of a subscription, so that the cache of its data loaders ends
with it.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, aclosing, contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from inspect import isawaitable
from typing import Any, TypeAlias, cast

import anyio
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

from records.access import AccessScope, Exchange, Viewer
from records.codes import ErrorCode
from records.configuration import Limits
from records.errors import Forbidden, Unauthenticated
from transport.errors import BAD_REQUEST, BAD_USER_INPUT, Formatted, OperationRejected, RequestRejected
from transport.execution.document_reader import DocumentReader
from transport.execution.error_masking import ErrorMasking
from transport.execution.executor import executor_class
from transport.execution.operation_cost import CostEstimator
from transport.execution.operation_limits import operations_of, too_large
from transport.execution.root_fields import root_fields
from transport.execution.shared_subscription import SharedSubscriptions
from transport.http.graphql_request import GraphQLRequest
from transport.json_codec import EncodedPayload, encode_json
from transport.security.access_guard import Authenticate, unauthenticated

Payload: TypeAlias = dict[str, Any]
"""A GraphQL response: `data`, `errors`, `extensions`."""


CheckUpload = Callable[[AccessScope, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Contexts:
    """Creates the context of each operation from the access scope of its user."""

    authenticate: Authenticate
    "Returns the viewer of a request. Called once for each request, and once for each WebSocket."
    authorize: Callable[[Viewer, Iterable[str]], None]
    "Raises `Unauthenticated` or `Forbidden` if the viewer may not use one of the root fields."
    watch: Callable[[Viewer], AbstractContextManager[anyio.Event]]
    "Opens a context whose event is set when the credentials of the viewer are revoked."
    create: Callable[[Viewer, Exchange], object]
    "Returns a new context. Called for each operation, and for each event of a subscription."
    check_upload: CheckUpload | None = None
    "Raises `RateLimited` if a user may not upload a number of bytes today; None if uploads are not limited."


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that is valid and within the limits, ready to be executed."""

    request: GraphQLRequest
    connection: HTTPConnection
    viewer: Viewer
    exchange: Exchange
    document: DocumentNode
    node: OperationDefinitionNode
    cost: int
    id: str = ""
    "Assigned by the server; identifies the operation in the log."
    started_at: float = 0.0
    "The time of `perf_counter`."

    @property
    def kind(self) -> OperationType:
        return self.node.operation

    @property
    def name(self) -> str | None:
        return self.node.name.value if self.node.name else None


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Time limits of operations in seconds.

    Work that takes longer is started by a mutation, and its progress is published by a subscription.
    """

    query: float = 30.0
    mutation: float = 120.0


class Operations:
    """Prepares and executes operations against one schema.

    Uses `Schema._schema`, the schema of graphql-core behind Strawberry's; checked against strawberry-graphql 0.341.
    """

    def __init__(
        self, schema: Schema, contexts: Contexts, limits: Limits, times: TimeLimits, *, introspection: bool
    ) -> None:
        self._contexts = contexts
        self._limits = limits
        self._times = times
        self._reader = DocumentReader(schema._schema, limits, introspection=introspection)
        self._shared_subscriptions = SharedSubscriptions()
        self._cost_estimator = CostEstimator(schema._schema, limits.max_page_size)
        self._build = partial(
            executor_class(schema).build,
            schema._schema,
            is_awaitable=cast(Any, optimized_is_awaitable),  # a type guard, but not annotated as one
            max_coercion_errors=limits.max_errors - 1,
            hide_suggestions=not introspection,
        )

    def prepare(
        self, request: GraphQLRequest, connection: HTTPConnection, viewer: Viewer, exchange: Exchange
    ) -> Operation:
        """Parse and validate a request, check the rights of the viewer, and estimate the cost.

        Raises `OperationRejected` if the request is invalid, exceeds a limit or is not permitted, and `RequestRejected` with
        401 if it needs credentials and the viewer is nobody.
        """
        with unexpected_errors_masked(ErrorMasking(None, 1)):
            document = self._reader.read(request.query)
            node = _select_operation(operations_of(document), request.operation_name)
            self._authorize(viewer, root_fields(document, node))
            cost = self._cost_estimator.estimate(document, node, request.variables)
        if cost > self._limits.max_cost:
            message = (
                f"The operation may cost {cost}, more than the limit of {self._limits.max_cost}. Use smaller pages."
            )
            raise OperationRejected([{**too_large(message, node).formatted}])
        return Operation(request, connection, viewer, exchange, document, node, cost)

    async def run(self, operation: Operation) -> Payload:
        """Execute a query or mutation and return its response.

        Raises `OperationRejected` if the operation cannot begin, or if it exceeds its time limit.
        """
        seconds = self._times.query if operation.kind is OperationType.QUERY else self._times.mutation
        masking = self._masking(operation)
        with unexpected_errors_masked(masking):
            try:
                with anyio.fail_after(seconds):
                    result = self._executor(operation).execute_operation()
                    if isawaitable(result):
                        result = await result
            except TimeoutError:
                raise _time_limit_exceeded(operation, seconds) from None
            assert isinstance(result, ExecutionResult), "the schema has no `@defer` and no `@stream`"
        return self._payload(result, masking) | {"extensions": {"cost": operation.cost}}

    async def stream(self, operation: Operation) -> AsyncGenerator[EncodedPayload, None]:
        """Yield the encoded events of a subscription.

        Raises `OperationRejected` if the subscription cannot begin, or its source fails.
        """
        masking = self._masking(operation)
        shared = self._shared_subscriptions.join(operation.viewer.scope, operation.request)
        with unexpected_errors_masked(masking), shared as subscription:
            executor = self._executor(operation)
            async with aclosing(await self._source(executor, operation, masking)) as source:
                async for event in source:
                    execute = partial(self._execute_event, executor, operation, event, masking)
                    yield await subscription.payload(event, execute)

    async def _source(
        self, executor: Executor[Any], operation: Operation, masking: ErrorMasking
    ) -> AsyncGenerator[object, None]:
        try:
            with anyio.fail_after(self._times.query):
                found = create_source_event_stream(executor)
                if isawaitable(found):
                    found = await found
        except TimeoutError:
            raise _time_limit_exceeded(operation, self._times.query) from None
        if isinstance(found, AsyncGenerator):
            return found
        assert isinstance(found, ExecutionResult), "sources of events are generators"
        raise OperationRejected(masking.format_all(found.errors or ()))

    async def _execute_event(
        self, executor: Executor[Any], operation: Operation, event: object, masking: ErrorMasking
    ) -> EncodedPayload:
        event_executor = executor.build_per_event_executor(event)
        event_executor.context_value = self._contexts.create(operation.viewer, operation.exchange)
        result = execute_subscription_event(event_executor)
        if not isinstance(result, ExecutionResult):
            result = await result
        payload = self._payload(result, masking)
        return EncodedPayload(encode_json(payload, masking).decode(), payload.get("errors", ()))

    def _executor(self, operation: Operation) -> Executor[Any]:
        built = self._build(
            operation.document,
            context_value=self._contexts.create(operation.viewer, operation.exchange),
            raw_variable_values=operation.request.variables,
            operation_name=operation.request.operation_name,
            operation_extensions=operation.request.extensions,
        )
        if isinstance(built, list):
            raise OperationRejected([_format_input_error(error) for error in built])
        return built

    def _authorize(self, viewer: Viewer, names: frozenset[str]) -> None:
        try:
            self._contexts.authorize(viewer, names)
        except Unauthenticated as error:
            raise unauthenticated(error.message) from None
        except Forbidden as error:
            formatted = {"message": error.message, "extensions": {"code": error.code}}
            raise OperationRejected([formatted], HTTPStatus.FORBIDDEN) from None

    def _payload(self, result: ExecutionResult, masking: ErrorMasking) -> Payload:
        if result.errors:
            return {"errors": masking.format_all(result.errors), "data": result.data}
        return {"data": result.data}

    def _masking(self, operation: Operation) -> ErrorMasking:
        return ErrorMasking(operation.name, self._limits.max_errors)


@contextmanager
def unexpected_errors_masked(masking: ErrorMasking) -> Iterator[None]:
    """The error boundary of operations: raise `OperationRejected` for every exception.

    The text of an expected error is kept; any other exception is logged, and its text is masked.
    """
    try:
        yield
    except (OperationRejected, RequestRejected):
        raise
    except Exception as error:  # noqa: BLE001  # formatted by its code if it is expected, logged and masked otherwise
        raise OperationRejected([masking.mask(error)], HTTPStatus.INTERNAL_SERVER_ERROR) from None


def _select_operation(operations: Sequence[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    if name is None and len(operations) == 1:
        return operations[0]
    for operation in operations:
        if name is not None and operation.name and operation.name.value == name:
            return operation
    missing, unknown = "`operationName` must select one of the operations.", "There is no operation of this name."
    message = missing if name is None else unknown
    raise OperationRejected([{"message": message, "extensions": {"code": BAD_REQUEST}}])


def _format_input_error(error: GraphQLError) -> Formatted:
    return {**error.formatted} | {"extensions": {"code": BAD_USER_INPUT, **(error.extensions or {})}}


def _time_limit_exceeded(operation: Operation, seconds: float) -> OperationRejected:
    message = f"The {operation.kind.value} exceeded its time limit of {seconds:g} seconds and was canceled."
    error = {"message": message, "extensions": {"code": ErrorCode.CANCELED}}
    return OperationRejected([error], HTTPStatus.SERVICE_UNAVAILABLE)
