"""One line for each operation, ids that tie lines together, and counts that cannot grow with what clients make up."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.testing import capture_logs

from records.tracing import NoTracing
from tests.transport.conftest import Connect, Serve, serving
from tests.transport.library import Shelf, library
from tests.transport.sockets import open_socket
from transport import Observer
from transport.execution.execution import TimeLimits

CANARY = "CANARY-2718281828"
TOKEN = f"{CANARY}-token"


@dataclass
class Tally:
    """A meter that keeps what it is told."""

    ended_: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    running: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    sockets: int = 0
    connections: int = 0

    def began(self, kind: str) -> None:
        self.running[kind] += 1

    def ended(self, kind: str, outcome: str, transport: str, seconds: float) -> None:
        assert seconds >= 0
        self.running[kind] -= 1
        self.ended_[kind, outcome, transport] += 1

    def refused(self, transport: str) -> None:
        self.refusals[transport] += 1

    def connected(self) -> None:
        self.sockets += 1
        self.connections += 1

    def disconnected(self) -> None:
        self.sockets -= 1


@pytest.fixture
def tally() -> Tally:
    return Tally()


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
    ("query", "told"),
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
async def test_an_operation_is_told_once_at_its_end(connect: Connect, query: str, told: tuple[Any, ...]) -> None:
    async with connect(times=TimeLimits(query=0.05)) as client:
        with logged() as lines:
            await post(client, query)
    (line,) = operations(lines)
    assert (line["name"], line["kind"], line["outcome"], line["codes"], line["log_level"]) == told
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
async def test_what_is_refused_before_it_begins_is_told_by_its_code(
    connect: Connect, tally: Tally, query: str, code: str
) -> None:
    async with connect(observer=Observer(meter=tally)) as client:
        with logged() as lines:
            reply = await post(client, query)
    (line,) = operations(lines)
    assert (line["outcome"], line["kind"], line["cost"]) == ("refused", "unknown", None)
    assert line["codes"] == [reply.json()["errors"][0]["extensions"]["code"]]
    assert code == line["codes"][0]
    assert tally.refusals == {"http": 1}
    assert tally.ended_ == {}


async def test_a_name_that_is_none_is_not_told(client: httpx.AsyncClient) -> None:
    with logged() as lines:
        await post(client, "{ greeting }", operationName=f"{CANARY}\nforged line")
        await post(client, f"query {'a' * 500} {{ greeting }}")
    assert [len(line["name"]) for line in operations(lines)] == [1, 80]
    assert CANARY not in str(lines)


async def test_a_surprise_carries_the_ids_of_its_request_and_operation(client: httpx.AsyncClient) -> None:
    with logged() as lines:
        reply = await post(client, "{ broken }", headers={"X-Request-Id": "mine-1"})
    (surprise,) = [line for line in lines if line["event"] == "unexpected"]
    (operation,) = operations(lines)
    assert surprise["id"] == reply.json()["errors"][0]["extensions"]["id"]
    assert surprise["request_id"] == operation["request_id"] == reply.headers["x-request-id"] == "mine-1"
    assert surprise["operation_id"] == operation["operation_id"]
    assert get_contextvars() == {}


@pytest.mark.parametrize(
    ("given", "taken"),
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
async def test_an_id_of_the_clients_own_is_taken_where_it_is_short_and_plain(
    client: httpx.AsyncClient, given: str, taken: bool
) -> None:
    reply = await client.get("/graphql", headers={b"X-Request-Id": given.encode()})
    assert (reply.headers["x-request-id"] == given) is taken
    assert reply.headers["x-request-id"].isascii()


async def test_every_answer_has_an_id_whoever_refuses(connect: Connect) -> None:
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


async def test_a_request_that_breaks_outside_of_graphql_is_masked_under_its_id(incoming: Path) -> None:
    app = library(incoming)

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


async def test_nothing_that_a_client_sends_is_told(connect: Connect) -> None:
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


async def test_lines_of_a_path_cannot_be_forged(client: httpx.AsyncClient) -> None:
    with logged() as lines:
        await client.get("/a%0aforged%20line" + "x" * 500)
    (line,) = lines
    assert line["path"].startswith("/a%0Aforged%20line")
    assert len(line["path"]) == 120


async def test_operations_of_a_socket_share_its_id_and_have_their_own(serve: Serve, tally: Tally) -> None:
    async with serve(observer=Observer(meter=tally)) as address:
        with logged() as lines:
            async with open_socket(address, additional_headers={"X-Request-Id": "socket-1"}) as socket:
                assert socket.connection.response is not None
                assert socket.connection.response.headers["x-request-id"] == "socket-1"
                await socket.initialise({"authorization": CANARY})
                assert tally.sockets == 1
                await socket.subscribe("1", "subscription S { count(to: 3) }")
                assert len(await socket.until_complete("1")) == 3
                await socket.subscribe("2", "subscription B { breaking }")
                await socket.until_complete("2")
                await socket.subscribe("3", "query Q($n: String!) { greeting(name: $n) }", n=CANARY)
                await socket.until_complete("3")
    told = [(line["name"], line["kind"], line["outcome"], line["codes"]) for line in operations(lines)]
    assert told == [
        ("S", "subscription", "ok", []),
        ("B", "subscription", "errors", ["INTERNAL"]),
        ("Q", "query", "ok", []),
    ]
    assert {line["request_id"] for line in lines} == {"socket-1"}
    assert len({line["operation_id"] for line in operations(lines)}) == 3
    assert {line["transport"] for line in operations(lines)} == {"websocket"}
    assert CANARY not in str(lines)
    assert (tally.sockets, tally.connections) == (0, 1)
    assert +tally.running == {}
    assert tally.ended_["subscription", "errors", "websocket"] == 1


@pytest.mark.parametrize("how", ["complete", "disconnect"])
async def test_a_subscription_that_its_client_leaves_was_canceled(
    incoming: Path, shelf: Shelf, tally: Tally, how: str
) -> None:
    async with serving(library(incoming, shelf, observer=Observer(meter=tally))) as address:
        with logged() as lines:
            async with open_socket(address) as socket:
                await socket.initialise()
                await socket.subscribe("1", "subscription Watch { silence }")
                while not shelf.open_streams:
                    await shelf.changed.wait()
                assert tally.running == {"subscription": 1}
                if how == "complete":
                    await socket.send({"type": "complete", "id": "1"})
                    await shelf.until_no_stream_is_open()
            await shelf.until_no_stream_is_open()
            while not operations(lines):
                await asyncio.sleep(0)
    (line,) = operations(lines)
    assert (line["name"], line["outcome"], line["codes"]) == ("Watch", "canceled", [])
    assert tally.ended_ == {("subscription", "canceled", "websocket"): 1}


async def test_names_that_clients_make_up_are_no_labels(connect: Connect, tally: Tally) -> None:
    async with connect(observer=Observer(meter=tally)) as client:
        for number in range(30):
            await post(client, f"query Made{number} {{ greeting }}")
            await post(client, f"query Made{number} {{ nothing{number} }}", operationName=f"Made{number}")
    assert tally.ended_ == {("query", "ok", "http"): 30}
    assert tally.refusals == {"http": 30}


def test_tracing_that_is_off_makes_no_objects() -> None:
    tracer = NoTracing()
    with tracer.span("a") as outer, tracer.span("b", {"traceparent": "x"}) as inner:
        inner.set("a", 1)
        inner.fail("b")
    assert outer is inner is tracer
