"""Errors as clients may see them: GraphQL's own and expected failures as they are, every surprise masked and logged once."""

import uuid
from collections.abc import Iterable
from typing import Any

import structlog
from graphql import GraphQLError

from records.codes import ErrorCode
from records.errors import ExpectedError
from transport.security.refusals import Formatted

log = structlog.stdlib.get_logger("graphlore.transport")


class Masking:
    """For the errors of one response: a surprise that several fields share has one id and is logged once."""

    def __init__(self, operation_name: str | None, most: int) -> None:
        self._operation_name = operation_name
        self._most = most
        self._ids: dict[int, str] = {}

    def errors(self, errors: Iterable[GraphQLError]) -> list[Formatted]:
        """As many of them as are allowed."""
        return [self.error(error) for error, _ in zip(errors, range(self._most), strict=False)]

    def error(self, error: GraphQLError) -> Formatted:
        """Where the error stands in the operation and its answer stays; only what it says may be masked."""
        formatted: Formatted = {**error.formatted}
        cause = _cause(error)
        if cause is not None:
            formatted |= self.surprise(cause, error.path)
        return formatted

    def surprise(self, cause: Exception, path: Iterable[str | int] | None = None) -> Formatted:
        """What is told of an exception. Neither variables nor the query's text are logged."""
        if isinstance(cause, ExpectedError):
            return {"message": cause.message, "extensions": {"code": cause.code}}
        shown = self._ids.get(id(cause))
        if shown is None:
            shown = self._ids[id(cause)] = uuid.uuid4().hex[:12]
            where = ".".join(str(step) for step in path) if path else None
            log.error("unexpected", id=shown, operation=self._operation_name, path=where, exc_info=cause)
        return internal(shown)


def internal(shown: str) -> Formatted:
    return {
        "message": f"Something went wrong on the server. (id {shown})",
        "extensions": {"code": ErrorCode.INTERNAL, "id": shown},
    }


def _cause(error: GraphQLError) -> Exception | None:
    """The exception behind an error; None where GraphQL itself or the schema speaks."""
    cause: Any = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause if isinstance(cause, Exception) else None
