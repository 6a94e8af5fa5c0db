"""What rooms need of tracing: spans that nest by themselves, and tracing that is off.

A span says how long something took and what it was about, in numbers and names; texts of prompts, documents and
operations never go into one. Names and attributes are OpenTelemetry's, by its conventions for GraphQL and generative AI.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

Attribute: TypeAlias = str | bool | int | float | Sequence[str]


class Span(Protocol):
    def set(self, name: str, value: Attribute) -> None: ...
    def fail(self, kind: str) -> None:
        """Mark it as failed by this kind of error. An exception that ends the span does so by its type's name."""
        ...


class Tracer(Protocol):
    def span(self, name: str, incoming: Mapping[str, str] | None = None) -> AbstractContextManager[Span]:
        """A span for the length of the block, inside the one that is open in this task.

        `incoming` are the headers of a request, whose own trace is gone on with.
        """
        ...


class NoTracing:
    """Tracing that is off. One object is tracer, block and span at once, so that nothing is made for any of them."""

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
