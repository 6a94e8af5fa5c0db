"""GraphQL over HTTP: POST for queries and mutations, GET only for queries, GraphiQL for browsers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from records.access import Exchange, KeyLimit, Viewer
from records.codes import ErrorCode
from records.configuration import Limits
from records.errors import RateLimited
from transport.errors import OperationRejected, RequestRejected
from transport.execution.operations import CheckUpload, Operations, Payload
from transport.http.cookies import read_exchange, send_cookies
from transport.http.graphql_request import GraphQLRequest, read_json, read_parameters, read_request
from transport.http.negotiation import GRAPHQL, JSON, negotiate, prefers_html
from transport.http.request_body import announced_bytes, content_type, read_body
from transport.json_codec import encode_json
from transport.security.access_guard import Authenticate, require_viewer
from transport.security.origin_guard import require_preflight
from transport.uploads.draining import WatchedBody, respond_and_drain
from transport.uploads.incoming_file import IncomingFiles
from transport.uploads.multipart_request import OVERHEAD, receive_upload

METHODS = "GET, POST"


class GraphQLOverHTTP:
    """An ASGI application for one path, which browsers see as `cookie_path`.

    `page` returns the page for browsers; None if there is no page.
    """

    def __init__(
        self,
        operations: Operations,
        limits: Limits,
        incoming: IncomingFiles,
        authenticate: Authenticate,
        check_upload: CheckUpload | None,
        cookie_path: str,
        page: Callable[[], Response] | None,
    ) -> None:
        self._operations = operations
        self._limits = limits
        self._incoming = incoming
        self._authenticate = authenticate
        self._check_upload = check_upload
        self._cookie_path = cookie_path
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = WatchedBody(receive)
        request = Request(scope, body)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        if body.has_unread_data(request):
            await respond_and_drain(response, body, send)
        else:
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        accept = request.headers.get("accept")
        if self._page and request.method == "GET" and prefers_html(accept):
            return self._page()
        media_type = JSON
        try:
            media_type = negotiate(accept)
            viewer, exchange = await self._authenticate(request.headers.get("authorization")), read_exchange(request)
            if not viewer.may_log_in:
                require_viewer(viewer)
            response = _response(await self._execute(request, viewer, exchange), HTTPStatus.OK, media_type)
            send_cookies(response, exchange, request, self._cookie_path)
            return response
        except RequestRejected as rejection:
            return _response({"errors": rejection.errors}, rejection.status, media_type, rejection.headers)
        except OperationRejected as rejection:
            # A well-formed request gets 200 in plain JSON, as older clients expect, even if its operation cannot run.
            status = rejection.status if media_type == GRAPHQL else HTTPStatus.OK
            return _response({"errors": rejection.errors}, status, media_type)

    async def _execute(self, request: Request, viewer: Viewer, exchange: Exchange) -> Payload:
        async with self._read(request, viewer) as graphql_request:
            operation = self._operations.prepare(graphql_request, request, viewer, exchange)
            if operation.kind is not OperationType.QUERY and request.method == "GET":
                raise _method_not_allowed(f"A {operation.kind.value} must be sent by POST.", "POST")
            if operation.kind is OperationType.SUBSCRIPTION:
                message = (
                    "Subscriptions are available over a WebSocket on this path, by the protocol graphql-transport-ws."
                )
                raise RequestRejected(message)
            return await self._operations.run(operation)

    @asynccontextmanager
    async def _read(self, request: Request, viewer: Viewer) -> AsyncIterator[GraphQLRequest]:
        if request.method == "GET":
            yield read_parameters(request.query_params)
            return
        if request.method != "POST":
            raise _method_not_allowed(f"{request.method} is not supported here. Use {METHODS}.", METHODS)
        media_type, charset = content_type(request)
        if media_type == "multipart/form-data":
            require_viewer(viewer)
            if viewer.scope.limit is KeyLimit.READ:
                raise RequestRejected(
                    "An API key with the limit READ uploads no files.",
                    status=HTTPStatus.FORBIDDEN,
                    code=ErrorCode.FORBIDDEN,
                )
            require_preflight(request)
            await self._check_body(request, viewer)
            async with receive_upload(request, self._incoming, self._limits) as graphql_request:
                yield graphql_request
        elif media_type == JSON and charset in ("", "utf-8", "utf8"):
            body = await read_body(request, self._limits.max_request_bytes)
            yield read_request(read_json(body, "The body"))
        else:
            message = f"The body must be {JSON} in UTF-8, or multipart/form-data for a request with files."
            raise RequestRejected(message, status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)

    async def _check_body(self, request: Request, viewer: Viewer) -> None:
        """Reject a body whose announced size exceeds what the user may upload today, before it is read.

        The parts that are not files may take up to the difference that is subtracted.
        """
        files_bytes = announced_bytes(request) - 2 * self._limits.max_request_bytes - OVERHEAD
        if self._check_upload is None or files_bytes <= 0:
            return
        try:
            await self._check_upload(viewer.scope, files_bytes)
        except RateLimited as failure:
            seconds = str(-(-failure.retry_after_ms // 1000))
            status = HTTPStatus.TOO_MANY_REQUESTS
            raise RequestRejected(
                failure.message, status=status, code=failure.code, headers={"Retry-After": seconds}
            ) from None


def _method_not_allowed(message: str, methods: str) -> RequestRejected:
    return RequestRejected(message, status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": methods})


def _response(payload: Payload, status: HTTPStatus, media_type: str, headers: dict[str, str] | None = None) -> Response:
    always = {"Content-Type": f"{media_type}; charset=utf-8", "Cache-Control": "no-store", "Vary": "Accept"}
    return Response(encode_json(payload), status, always | (headers or {}))
