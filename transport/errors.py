"""Rejected requests and operations, as errors of a GraphQL response."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

Formatted = dict[str, Any]
"""An error in a response: `message`, and, as far as they are known, `locations`, `path` and `extensions`."""

BAD_REQUEST = "BAD_REQUEST"
PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"


class RequestRejected(Exception):
    """The request is not a GraphQL request, or is not allowed. The HTTP status is the same for every media type."""

    def __init__(
        self,
        message: str,
        *,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        code: str = BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.errors: list[Formatted] = [{"message": message, "extensions": {"code": code}}]


class OperationRejected(Exception):
    """The request is well-formed, but its operation cannot run: the response has errors and no data.

    The status applies to `application/graphql-response+json` alone; with `application/json` it is 200.
    """

    def __init__(self, errors: Sequence[Formatted], status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(errors[0]["message"])
        self.errors = list(errors)
        self.status = status


class PersistedQueryNotSupported(OperationRejected):
    """The request contains the hash of a persisted query instead of a query.

    After an error with this message or this code, Apollo Client sends the whole query. The HTTP status is 200, as in
    Apollo Server, because some clients ignore the errors of a response with another status.
    """

    def __init__(self) -> None:
        error = {"message": "PersistedQueryNotSupported", "extensions": {"code": PERSISTED_QUERY_NOT_SUPPORTED}}
        super().__init__([error], HTTPStatus.OK)
