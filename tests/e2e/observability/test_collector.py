"""The real server with a collector of spans, and without one that responds."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from tests.e2e.client import Client
from tests.e2e.process import free_port, start_server


class Collector(TraceServiceServicer):
    """Records the name of the service and of the span for each received span."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  # gRPC's own name
        for resource in request.resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            spans = [span.name for scope in resource.scope_spans for span in scope.spans]
            self.received += [(named["service.name"], name) for name in spans]
        return ExportTraceServiceResponse()


@pytest.mark.timeout(120)
async def test_the_last_spans_are_sent_before_the_server_ends(tmp_path: Path) -> None:
    collector, port = Collector(), free_port()
    listening = grpc.server(ThreadPoolExecutor(1))
    add_TraceServiceServicer_to_server(collector, listening)  # type: ignore[no-untyped-call]  # generated code
    listening.add_insecure_port(f"127.0.0.1:{port}")
    listening.start()
    server = await start_server(tmp_path / "data", otel_endpoint=f"http://127.0.0.1:{port}")
    async with Client(server.url) as client:
        await client.run("query Sample { systemStatus { seq } }")
    await server.stop()
    listening.stop(None)
    assert ("graphlore", "query") in collector.received


@pytest.mark.timeout(120)
async def test_a_missing_collector_does_not_delay_the_stop(tmp_path: Path) -> None:
    server = await start_server(tmp_path / "data", otel_endpoint=f"http://127.0.0.1:{free_port()}")
    async with Client(server.url) as client:
        assert (await client.run("{ systemStatus { seq } }"))["systemStatus"]["seq"] == 1
    await server.stop()  # raises `TimeoutError` after 30 seconds
    assert "Traceback" not in server.output.read_text(encoding="utf-8")
