"""Spans as an exporter in memory holds them, as a tree that a test can read."""

from collections.abc import Iterator
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from telemetry import OpenTelemetry


class Recorded:
    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = OpenTelemetry(provider.get_tracer("tests"))

    @property
    def spans(self) -> list[ReadableSpan]:
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    def named(self, name: str) -> ReadableSpan:
        """The only one of this name."""
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def under(self, parent: ReadableSpan) -> list[ReadableSpan]:
        assert parent.context is not None
        return [span for span in self.spans if span.parent and span.parent.span_id == parent.context.span_id]

    def tree(self, root: ReadableSpan) -> dict[str, Any]:
        """Names within names, in order of their start."""
        return {span.name: self.tree(span) for span in self.under(root)}

    def everything(self) -> str:
        """All that an exporter would send."""
        return "\n".join(self._told())

    def _told(self) -> Iterator[str]:
        for span in self.spans:
            yield span.to_json()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})
