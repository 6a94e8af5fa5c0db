"""GraphQL over HTTP: POST for all operations that end, GET for queries alone, GraphiQL for browsers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from records.settings import Limits
from transport.execution.execution import Operations, Payload
from transport.http.bodies import content_type, read_body
from transport.http.encoding import encode
from transport.http.negotiation import GRAPHQL, JSON, negotiate, wants_page
from transport.http.requests import GraphQLRequest, read_json, read_parameters, read_request
from transport.security.refusals import OperationRefused, RequestRefused
from transport.security.security import AccessToken, require_preflight
from transport.uploads.draining import WatchedBody, respond_and_linger
from transport.uploads.endpoint import receive_upload
from transport.uploads.incoming import IncomingFiles

METHODS = "GET, POST"


class GraphQLOverHTTP:
    """An ASGI application for one path. `page` answers browsers; None where there is no page."""

    def __init__(
        self,
        operations: Operations,
        limits: Limits,
        incoming: IncomingFiles,
        token: AccessToken,
        page: Callable[[], Response] | None,
    ) -> None:
        self._operations = operations
        self._limits = limits
        self._incoming = incoming
        self._token = token
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = WatchedBody(receive)
        request = Request(scope, body)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        if body.is_left(request):
            await respond_and_linger(response, body, send)
        else:
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = request.headers.get("accept")
        if self._page and request.method == "GET" and wants_page(accept):
            return self._page()
        media_type = JSON
        try:
            media_type = negotiate(accept)
            self._token.require(request)
            return _response(await self._answer(request), HTTPStatus.OK, media_type)
        except RequestRefused as refusal:
            return _response({"errors": refusal.errors}, refusal.status, media_type, refusal.headers)
        except OperationRefused as refusal:
            # A well-formed request gets 200 in plain JSON, as older clients expect, whatever became of its operation.
            status = refusal.status if media_type == GRAPHQL else HTTPStatus.OK
            return _response({"errors": refusal.errors}, status, media_type)

    async def _answer(self, request: Request) -> Payload:
        async with self._read(request) as graphql_request:
            operation = self._operations.prepare(graphql_request, request)
            if operation.kind is not OperationType.QUERY and request.method == "GET":
                raise _not_allowed(f"A {operation.kind.value} cannot be sent by GET.", "POST")
            if operation.kind is OperationType.SUBSCRIPTION:
                message = "Subscriptions run over a WebSocket on this path, with the protocol graphql-transport-ws."
                raise RequestRefused(message)
            return await self._operations.run(operation)

    @asynccontextmanager
    async def _read(self, request: Request) -> AsyncIterator[GraphQLRequest]:
        if request.method == "GET":
            yield read_parameters(request.query_params)
            return
        if request.method != "POST":
            raise _not_allowed(f"{request.method} means nothing here.", METHODS)
        media_type, charset = content_type(request)
        if media_type == "multipart/form-data":
            require_preflight(request)
            async with receive_upload(request, self._incoming, self._limits) as graphql_request:
                yield graphql_request
        elif media_type == JSON and charset in ("", "utf-8", "utf8"):
            body = await read_body(request, self._limits.max_request_bytes)
            yield read_request(read_json(body, "The body"))
        else:
            message = f"A request's body is {JSON} in UTF-8, or multipart/form-data where it brings files."
            raise RequestRefused(message, status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def _not_allowed(message: str, methods: str) -> RequestRefused:
    return RequestRefused(message, status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": methods})


def _response(payload: Payload, status: HTTPStatus, media_type: str, headers: dict[str, str] | None = None) -> Response:
    always = {"Content-Type": f"{media_type}; charset=utf-8", "Cache-Control": "no-store", "Vary": "Accept"}
    return Response(encode(payload), status, always | (headers or {}))
