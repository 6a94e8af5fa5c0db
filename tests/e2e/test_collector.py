"""A collector of spans, as the real server meets it: there, and not there."""

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
    """Keeps what it is sent: for each span its service's name and its own."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802  # gRPC's own name
        for resource in request.resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            spans = [span.name for scope in resource.scope_spans for span in scope.spans]
            self.received += [(named["service.name"], name) for name in spans]
        return ExportTraceServiceResponse()


@pytest.mark.timeout(120)
async def test_the_last_spans_reach_the_collector_before_the_server_is_gone(tmp_path: Path) -> None:
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
async def test_a_collector_that_is_not_there_holds_nobody_up(tmp_path: Path) -> None:
    server = await start_server(tmp_path / "data", otel_endpoint=f"http://127.0.0.1:{free_port()}")
    async with Client(server.url) as client:
        assert (await client.run("{ systemStatus { seq } }"))["systemStatus"]["seq"] == 1
    await server.stop()  # raises where it takes longer than a person would wait
    assert "Traceback" not in server.output.read_text(encoding="utf-8")
