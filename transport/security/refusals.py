"""Why a request is turned away, in the words of GraphQL's errors."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

Formatted = dict[str, Any]
"""An error as the response carries it: `message`, and where known `locations`, `path` and `extensions`."""

BAD_REQUEST = "BAD_REQUEST"
PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"


class RequestRefused(Exception):
    """The request is no GraphQL request, or not one that may be made like this: its status holds for every media type."""

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


class OperationRefused(Exception):
    """The operation cannot be run: it has errors, and no data at all."""

    def __init__(self, errors: Sequence[Formatted], status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(errors[0]["message"])
        self.errors = list(errors)
        self.status = status
