"""Formats errors for clients: GraphQL errors and expected failures unchanged, unexpected exceptions masked."""

from collections.abc import Iterable
from typing import Any

import structlog
from graphql import GraphQLError

from concurrency.error_boundary import new_incident_id, unexpected_error_message
from records.codes import ErrorCode
from records.errors import ExpectedError
from transport.errors import Formatted

log = structlog.stdlib.get_logger("graphlore.transport")


class ErrorMasking:
    """Formats the errors of one response. An exception that fails several fields has one incident id and is logged once."""

    def __init__(self, operation_name: str | None, max_errors: int) -> None:
        self._operation_name = operation_name
        self._max_errors = max_errors
        self._ids: dict[int, str] = {}

    def format_all(self, errors: Iterable[GraphQLError]) -> list[Formatted]:
        """Format the first `max_errors` errors of a response; the rest is left out."""
        return [self.format(error) for error, _ in zip(errors, range(self._max_errors), strict=False)]

    def format(self, error: GraphQLError) -> Formatted:
        """Format one error. If it is unexpected, its message and extensions are masked; its locations and path are kept."""
        formatted: Formatted = {**error.formatted}
        cause = _cause(error)
        if cause is not None:
            formatted |= self.mask(cause, error.path)
        return formatted

    def mask(self, cause: Exception, path: Iterable[str | int] | None = None) -> Formatted:
        """Format an exception that a resolver raised.

        An unexpected exception is masked and logged, without the text and the variables of the operation. `path` is the
        path of the field, if the exception belongs to one.
        """
        if isinstance(cause, ExpectedError):
            return {"message": cause.message, "extensions": {"code": cause.code}}
        incident = self._ids.get(id(cause))
        if incident is None:
            incident = self._ids[id(cause)] = new_incident_id()
            field = ".".join(str(step) for step in path) if path else None
            log.error("unexpected error", incident=incident, operation=self._operation_name, path=field, exc_info=cause)
        return internal_error(incident)


def internal_error(incident: str) -> Formatted:
    """Return the error that clients get for an unexpected exception."""
    return {
        "message": unexpected_error_message(incident),
        "extensions": {"code": ErrorCode.INTERNAL, "id": incident},
    }


def _cause(error: GraphQLError) -> Exception | None:
    """Return the exception behind an error; None for errors of GraphQL itself and of the schema."""
    cause: Any = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause if isinstance(cause, Exception) else None
