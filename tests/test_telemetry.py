"""Spans of operations, and the content that they must not have."""

import subprocess
import sys
from pathlib import Path

import anyio
import httpx
import pytest
from opentelemetry.trace import SpanKind, StatusCode

from records.errors import NotFound
from tests.paths import ROOT
from tests.support.recorded_spans import RecordedSpans, attributes
from tests.transport.book_graph import create_book_app
from transport import Observer

CANARY = "CANARY-1618033988"


@pytest.fixture
def recorded() -> RecordedSpans:
    return RecordedSpans()


async def post(incoming: Path, recorded: RecordedSpans, query: str, **headers: str) -> None:
    app = create_book_app(incoming, observer=Observer(recorded.tracer))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        await client.post("/graphql", json={"query": query}, headers=headers)


async def test_an_operation_is_a_span_with_the_attributes_of_the_graphql_conventions(
    tmp_path: Path, recorded: RecordedSpans
) -> None:
    await post(tmp_path, recorded, f'query Greet {{ greeting(name: "{CANARY}") }}')
    (span,) = recorded.spans
    assert (span.name, span.kind) == ("query", SpanKind.SERVER)
    assert attributes(span) == {"graphql.operation.type": "query", "graphql.operation.name": "Greet"}
    assert span.status.status_code is StatusCode.UNSET
    assert span.parent is None
    assert CANARY not in recorded.everything()


async def test_the_trace_of_the_request_is_continued(tmp_path: Path, recorded: RecordedSpans) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    await post(tmp_path, recorded, "{ greeting }", traceparent=f"00-{trace}-{parent}-01")
    (span,) = recorded.spans
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (trace, parent)


@pytest.mark.parametrize("header", ["", "nonsense", "00-0-0-01", f"00-{'0' * 32}-{'0' * 16}-01", "x" * 9999])
async def test_an_invalid_trace_parent_starts_a_new_trace(tmp_path: Path, recorded: RecordedSpans, header: str) -> None:
    await post(tmp_path, recorded, "{ greeting }", traceparent=header)
    (span,) = recorded.spans
    assert span.parent is None


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("{ missing }", "NOT_FOUND"),
        ("{ broken }", "INTERNAL"),
        ("query ($n: Int!) { books(first: $n) { totalCount } }", "BAD_USER_INPUT"),
    ],
)
async def test_a_failed_operation_has_the_kind_of_its_error_and_no_text(
    tmp_path: Path, recorded: RecordedSpans, query: str, kind: str
) -> None:
    await post(tmp_path, recorded, query)
    (span,) = recorded.spans
    assert span.status.status_code is StatusCode.ERROR
    assert attributes(span)["error.type"] == kind
    assert span.events == ()
    assert "swordfish" not in recorded.everything()


def test_spans_are_nested_and_have_the_type_of_an_exception_without_its_text(recorded: RecordedSpans) -> None:
    tracer = recorded.tracer
    with pytest.raises(KeyError), tracer.span("outer"), tracer.span("inner"):
        raise KeyError(CANARY)
    with pytest.raises(NotFound), tracer.span("expected"):
        raise NotFound(CANARY, 1)
    assert recorded.tree(recorded.named("outer")) == {"inner": {}}
    assert attributes(recorded.named("inner")) == attributes(recorded.named("outer")) == {"error.type": "KeyError"}
    assert attributes(recorded.named("expected")) == {"error.type": "NOT_FOUND"}
    assert CANARY not in recorded.everything()


async def test_a_canceled_span_is_not_failed(recorded: RecordedSpans) -> None:
    async def wait() -> None:
        with recorded.tracer.span("waits"):
            began.set()
            await anyio.sleep_forever()

    began = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await began.wait()
        tasks.cancel_scope.cancel()
    span = recorded.named("waits")
    assert attributes(span) == {"graphlore.canceled": True}
    assert span.status.status_code is StatusCode.UNSET


def loaded_after(program: str) -> list[str]:
    """Return the modules of OpenTelemetry that are loaded at the end of a program in a new process."""
    listing = "import sys; print(*[m for m in sys.modules if m.startswith('opentelemetry')])"
    command = [sys.executable, "-c", f"{program}\n{listing}"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


def test_opentelemetry_is_imported_only_with_an_endpoint() -> None:
    off = (
        "import server\ntracer, close = server.make_tracing(None)\nassert tracer.span('a') is tracer.span('b')\nclose()"
    )
    on = "import server\nserver.make_tracing('http://127.0.0.1:9')[1]()"
    assert loaded_after(off) == []
    assert "opentelemetry.sdk.trace" in loaded_after(on)
