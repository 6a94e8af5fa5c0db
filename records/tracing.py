"""The interface of tracing, and tracing that is off.

A span records a duration with numbers and names as attributes; it never contains texts of messages, documents or operations.
Names follow the OpenTelemetry semantic conventions for GraphQL and generative AI.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

Attribute: TypeAlias = str | bool | int | float | Sequence[str]


class Span(Protocol):
    """An open span."""

    def set(self, name: str, value: Attribute) -> None:
        """Set an attribute."""
        ...

    def fail(self, kind: str) -> None:
        """Mark the span as failed; `kind` names the kind of error.

        An exception that leaves the span marks it as failed, too. The kind is then the name of the exception's type.
        """
        ...


class Tracer(Protocol):
    """Creates spans."""

    def span(self, name: str, incoming: Mapping[str, str] | None = None) -> AbstractContextManager[Span]:
        """Return a span for a `with` block, nested in the span that is open in this task.

        If `incoming` has the headers of a request, the span continues the trace of that request.
        """
        ...


class NoTracing:
    """Tracing that is off. One object is tracer, block and span, so that no objects are created for spans."""

    def span(self, name: str, incoming: Mapping[str, str] | None = None) -> "NoTracing":
        return self

    def __enter__(self) -> "NoTracing":
        return self

    def __exit__(self, *ended: object) -> None:
        return None

    def set(self, name: str, value: Attribute) -> None:
        return None

    def fail(self, kind: str) -> None:
        return None
