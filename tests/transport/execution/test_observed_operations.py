"""Log lines of operations, ids that connect lines, and counters whose labels clients cannot invent."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.testing import capture_logs

from records.tracing import NoTracing
from tests.transport.book_graph import create_book_app
from tests.transport.conftest import Connect, Serve, serving
from tests.transport.probe import Probe
from tests.transport.websocket.client import open_socket
from transport import Observer
from transport.execution.operations import TimeLimits

CANARY = "CANARY-2718281828"
TOKEN = f"{CANARY}-token"


@dataclass
class RecordingMeter:
    """A meter that records all its calls."""

    ends: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    running: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    sockets: int = 0
    connections: int = 0

    def began(self, kind: str) -> None:
        self.running[kind] += 1

    def ended(self, kind: str, outcome: str, transport: str, seconds: float) -> None:
        assert seconds >= 0
        self.running[kind] -= 1
        self.ends[kind, outcome, transport] += 1

    def refused(self, transport: str) -> None:
        self.refusals[transport] += 1

    def connected(self) -> None:
        self.sockets += 1
        self.connections += 1

    def disconnected(self) -> None:
        self.sockets -= 1


@pytest.fixture
def meter() -> RecordingMeter:
    return RecordingMeter()


@contextmanager
def logged() -> Iterator[list[Any]]:
    with capture_logs(processors=[merge_contextvars]) as lines:
        yield lines


def operations(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["event"] == "operation"]


async def post(client: httpx.AsyncClient, query: str, **more: Any) -> httpx.Response:
    headers = {"Accept": "application/graphql-response+json", **more.pop("headers", {})}
    return await client.post("/graphql", json={"query": query, **more}, headers=headers)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("query Greet { greeting }", ("Greet", "query", "ok", [], "debug")),
        ("{ greeting }", (None, "query", "ok", [], "debug")),
        ('mutation Name { rename(title: "x") }', ("Name", "mutation", "ok", [], "info")),
        ("query Lost { missing }", ("Lost", "query", "errors", ["NOT_FOUND"], "info")),
        ("query Mixed { missing broken }", ("Mixed", "query", "errors", ["INTERNAL", "NOT_FOUND"], "info")),
        ("query Slow { slow }", ("Slow", "query", "errors", ["CANCELED"], "info")),
        (
            "query V($x: Int!) { books(first: $x) { totalCount } }",
            ("V", "query", "refused", ["BAD_USER_INPUT"], "info"),
        ),
    ],
)
async def test_an_operation_is_logged_once_at_its_end(connect: Connect, query: str, expected: tuple[Any, ...]) -> None:
    async with connect(times=TimeLimits(query=0.05)) as client:
        with logged() as lines:
            await post(client, query)
    (line,) = operations(lines)
    assert (line["name"], line["kind"], line["outcome"], line["codes"], line["log_level"]) == expected
    assert line["transport"] == "http"
    assert line["cost"] >= 0
    assert line["milliseconds"] >= 0
    assert len(line["operation_id"]) == len(line["request_id"]) == 16
    assert set(line) == {
        "event", "log_level", "name", "kind", "transport", "outcome", "codes", "milliseconds", "cost",
        "operation_id", "request_id",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ unknownField }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{" + " ".join(f"a{n}: greeting" for n in range(40)) + "}", "TOO_LARGE"),
    ],
)
async def test_a_rejected_operation_is_logged_with_its_code(
    connect: Connect, meter: RecordingMeter, query: str, code: str
) -> None:
    async with connect(observer=Observer(meter=meter)) as client:
        with logged() as lines:
            reply = await post(client, query)
    (line,) = operations(lines)
    assert (line["outcome"], line["kind"], line["cost"]) == ("refused", "unknown", None)
    assert line["codes"] == [reply.json()["errors"][0]["extensions"]["code"]]
    assert code == line["codes"][0]
    assert meter.refusals == {"http": 1}
    assert meter.ends == {}


async def test_an_invalid_operation_name_is_not_logged(client: httpx.AsyncClient) -> None:
    with logged() as lines:
        await post(client, "{ greeting }", operationName=f"{CANARY}\nforged line")
        await post(client, f"query {'a' * 500} {{ greeting }}")
    assert [len(line["name"]) for line in operations(lines)] == [1, 80]
    assert CANARY not in str(lines)


async def test_an_unexpected_error_is_logged_with_the_ids_of_its_request_and_operation(
    client: httpx.AsyncClient,
) -> None:
    with logged() as lines:
        reply = await post(client, "{ broken }", headers={"X-Request-Id": "mine-1"})
    (unexpected,) = [line for line in lines if line["event"] == "unexpected error"]
    (operation,) = operations(lines)
    assert unexpected["incident"] == reply.json()["errors"][0]["extensions"]["id"]
    assert unexpected["request_id"] == operation["request_id"] == reply.headers["x-request-id"] == "mine-1"
    assert unexpected["operation_id"] == operation["operation_id"]
    assert get_contextvars() == {}


@pytest.mark.parametrize(
    ("given", "is_used"),
    [
        ("abc-DEF_1.2", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("a b", False),
        ("a;b", False),
        ("é", False),
        ("", False),
    ],
)
async def test_a_request_id_of_the_client_is_used_if_it_is_short_and_plain(
    client: httpx.AsyncClient, given: str, is_used: bool
) -> None:
    reply = await client.get("/graphql", headers={b"X-Request-Id": given.encode()})
    assert (reply.headers["x-request-id"] == given) is is_used
    assert reply.headers["x-request-id"].isascii()


async def test_every_response_has_an_id_rejections_included(connect: Connect) -> None:
    ids = set()
    async with connect(access_token=TOKEN) as client:
        for path, headers in (
            ("/graphql", {}),
            ("/graphql", {"Origin": "https://evil.example"}),
            ("/graphql", {"Host": "evil.example"}),
            ("/nowhere", {}),
            ("/", {}),
        ):
            ids.add((await client.get(path, headers=headers)).headers["x-request-id"])
    assert len(ids) == 5


async def test_an_unexpected_error_outside_of_graphql_is_masked_with_the_request_id(incoming: Path) -> None:
    app = create_book_app(incoming)

    async def broken(_: Request) -> Response:
        raise KeyError(CANARY)

    app.add_route("/broken", broken)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, False), base_url="http://localhost") as client:
        with logged() as lines:
            reply = await client.get(f"/broken?signature={CANARY}")
    own = reply.headers["x-request-id"]
    assert reply.status_code == 500
    assert reply.json()["errors"][0]["extensions"] == {"code": "INTERNAL", "id": own}
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["status"], line["path"], line["request_id"], line["log_level"]) == (500, "/broken", own, "error")
    assert CANARY not in str(lines)


async def test_no_content_of_a_request_is_logged(connect: Connect) -> None:
    async with connect(access_token=TOKEN) as client:
        with logged() as lines:
            bearer = {"Authorization": f"Bearer {TOKEN}"}
            await post(client, f'mutation M {{ rename(title: "{CANARY}") }}', headers=bearer)
            variables = {"t": CANARY}
            query = "mutation N($t: String!) { rename(title: $t) }"
            await post(client, query, variables=variables, headers=bearer, extensions={"x": CANARY})
            await post(client, query, variables={"t": [CANARY]}, headers=bearer)
            await post(client, f'{{ greeting(name: "{CANARY}") {{ x }} }}', headers=bearer)
            await client.get("/graphql", params={"query": f'{{ greeting(name: "{CANARY}") }}'}, headers=bearer)
            await client.get(f"/documents/1/original?signature={CANARY}")
            await client.post("/graphql", content=CANARY, headers=bearer)
    assert len(operations(lines)) == 5
    assert len([line for line in lines if line["event"] == "request"]) == 7
    assert CANARY not in str(lines)


async def test_a_path_cannot_forge_log_lines(client: httpx.AsyncClient) -> None:
    with logged() as lines:
        await client.get("/a%0aforged%20line" + "x" * 500)
    (line,) = lines
    assert line["path"].startswith("/a%0Aforged%20line")
    assert len(line["path"]) == 120


async def test_operations_of_a_socket_share_its_request_id_and_have_operation_ids(
    serve: Serve, meter: RecordingMeter
) -> None:
    async with serve(observer=Observer(meter=meter)) as address:
        with logged() as lines:
            async with open_socket(address, additional_headers={"X-Request-Id": "socket-1"}) as socket:
                assert socket.connection.response is not None
                assert socket.connection.response.headers["x-request-id"] == "socket-1"
                await socket.initialise({"authorization": CANARY})
                assert meter.sockets == 1
                await socket.subscribe("1", "subscription S { count(to: 3) }")
                assert len(await socket.until_complete("1")) == 3
                await socket.subscribe("2", "subscription B { breaking }")
                await socket.until_complete("2")
                await socket.subscribe("3", "query Q($n: String!) { greeting(name: $n) }", n=CANARY)
                await socket.until_complete("3")
    logged_operations = [(line["name"], line["kind"], line["outcome"], line["codes"]) for line in operations(lines)]
    assert logged_operations == [
        ("S", "subscription", "ok", []),
        ("B", "subscription", "errors", ["INTERNAL"]),
        ("Q", "query", "ok", []),
    ]
    assert {line["request_id"] for line in lines} == {"socket-1"}
    assert len({line["operation_id"] for line in operations(lines)}) == 3
    assert {line["transport"] for line in operations(lines)} == {"websocket"}
    assert CANARY not in str(lines)
    assert (meter.sockets, meter.connections) == (0, 1)
    assert +meter.running == {}
    assert meter.ends["subscription", "errors", "websocket"] == 1


@pytest.mark.parametrize("how", ["complete", "disconnect"])
async def test_a_subscription_that_its_client_ends_is_canceled(
    incoming: Path, probe: Probe, meter: RecordingMeter, how: str
) -> None:
    async with serving(create_book_app(incoming, probe, observer=Observer(meter=meter))) as address:
        with logged() as lines:
            async with open_socket(address) as socket:
                await socket.initialise()
                await socket.subscribe("1", "subscription Watch { silence }")
                await probe.until_open_streams(1)
                assert meter.running == {"subscription": 1}
                if how == "complete":
                    await socket.send({"type": "complete", "id": "1"})
                    await probe.until_open_streams(0)
            await probe.until_open_streams(0)
            while not operations(lines):
                await anyio.sleep(0)
    (line,) = operations(lines)
    assert (line["name"], line["outcome"], line["codes"]) == ("Watch", "canceled", [])
    assert meter.ends == {("subscription", "canceled", "websocket"): 1}


async def test_operation_names_are_no_labels(connect: Connect, meter: RecordingMeter) -> None:
    async with connect(observer=Observer(meter=meter)) as client:
        for number in range(30):
            await post(client, f"query Made{number} {{ greeting }}")
            await post(client, f"query Made{number} {{ nothing{number} }}", operationName=f"Made{number}")
    assert meter.ends == {("query", "ok", "http"): 30}
    assert meter.refusals == {"http": 30}


def test_disabled_tracing_creates_no_objects() -> None:
    tracer = NoTracing()
    with tracer.span("a") as outer, tracer.span("b", {"traceparent": "x"}) as inner:
        inner.set("a", 1)
        inner.fail("b")
    assert outer is inner is tracer
