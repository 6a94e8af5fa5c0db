"""Sends spans to an OpenTelemetry collector.

It is imported only if a collector is configured, because OpenTelemetry is an optional dependency (`graphlore[otel]`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import anyio
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from records.tracing import Attribute

EXPORT_SECONDS = 3
"""Time limit in seconds of an attempt to reach the collector, also while the server stops."""


class _Span:
    """Implements `records.tracing.Span`."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._failed = False

    def set(self, name: str, value: Attribute) -> None:
        self._span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        """Mark the span as failed. Later calls have no effect, because the first `kind` is the nearest to the cause."""
        if not self._failed:
            self._failed = True
            self._span.set_attribute("error.type", kind)
            self._span.set_status(trace.StatusCode.ERROR)


class OpenTelemetry:
    """Implements `records.tracing.Tracer`. A failed span contains the type of the exception, never its text."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, incoming: Mapping[str, str] | None = None) -> Iterator[_Span]:
        parent = None if incoming is None else self._propagator.extract(incoming)
        kind = trace.SpanKind.INTERNAL if incoming is None else trace.SpanKind.SERVER
        with self._tracer.start_as_current_span(
            name, parent, kind, record_exception=False, set_status_on_exception=False
        ) as started:
            span = _Span(started)
            try:
                yield span
            except Exception as error:
                span.fail(getattr(error, "code", None) or type(error).__qualname__)
                raise
            except BaseException as error:
                if isinstance(error, GeneratorExit | anyio.get_cancelled_exc_class()):
                    span.set("graphlore.canceled", value=True)
                raise


class Export:
    """Sends spans to a collector in the background until it is closed."""

    def __init__(self, endpoint: str, version: str) -> None:
        """Connect to an endpoint of OTLP over gRPC, such as `http://localhost:4317`."""
        resource = Resource.create({"service.name": "graphlore", "service.version": version})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint, timeout=EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, export_timeout_millis=1000 * EXPORT_SECONDS))
        self.tracer = OpenTelemetry(self._provider.get_tracer("graphlore", version))

    def close(self) -> None:
        """Send the remaining spans. Blocks for some seconds if the collector does not respond."""
        self._provider.shutdown()
