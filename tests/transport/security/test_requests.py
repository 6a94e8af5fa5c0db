"""Requests: one small, well-formed operation; files only in the variables that are null and under safe names."""

import gzip
import json
from pathlib import Path

import httpx
import pytest

from records.configuration import Limits
from tests.transport.conftest import Connect, Serve
from tests.transport.probe import Probe
from tests.transport.uploads.test_uploads import MAP, OPERATIONS, PREFLIGHT, Fields, fields, send
from tests.transport.websocket.client import open_socket
from transport.uploads.file_names import display_name

TEXTS = {"operations": OPERATIONS, "map": MAP}
MANY = "mutation ($f: [Upload!]!) { addMany(files: $f) }"


async def test_batches_are_rejected_on_every_transport(serve: Serve, probe: Probe) -> None:
    one = {"query": "{ greeting }"}
    async with serve() as address, httpx.AsyncClient(base_url=f"http://{address}") as client:
        for batch in ([one], [one, one], [], [[one]], {"0": one}, {"query": ["{ greeting }"]}):
            assert (await client.post("/graphql", json=batch)).status_code == 400
            reply = await send(client, fields(operations=json.dumps(batch)))
            assert reply.status_code == 400
            parameters = {"query": json.dumps(batch), "batch": json.dumps(batch)}
            assert "data" not in (await client.get("/graphql", params=parameters)).json()
            async with open_socket(address) as socket:
                await socket.initialise()
                await socket.send({"type": "subscribe", "id": "1", "payload": batch})
                assert await socket.close_code() == 4400
    assert probe.contexts == 0, "no operation was executed"


STRANGE_JSON = [
    b"\xef\xbb\xbf" + b'{"query":"{ greeting }"}',
    '{"query":"{ greeting }"}'.encode("utf-16"),
    '{"query":"{ greeting }"}'.encode("utf-32"),
    gzip.compress(b'{"query":"{ greeting }"}'),
    gzip.compress(b" " * (64 << 20)),
    b'{"query":"{ greeting }","variables":{"x":NaN}}',
    b'{"query":"{ greeting }","variables":{"x":-Infinity}}',
    b'{"query":"{ greeting }","variables":{"x":1e400}}',
    b'{"query":"{ greeting }","variables":{"x":1' + b"0" * 400 + b"}}",
    b'{"query":"{ greeting }","variables":{"x":' + b"9" * 900_000 + b"}}",
    b'{"query":"{ greeting }","variables":{"x":01}}',
    b'{"query":"{ greeting }","variables":{"x":"\xed\xa0\x80"}}',
    b'{"query":"{ greeting }","variables":{"x":"\x00"}}',
    b'{"query":"{ greeting }","variables":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    b'{"query":"{ greeting }","extensions":{"x":' + b'{"x":' * 100_000 + b"1" + b"}" * 100_000 + b"}}",
    b"[" * 1_000_000,
    b'{"query":"{ greeting }"}{"query":"{ greeting }"}',
    b'{"query":"{ greeting }",}',
    b"{'query':'{ greeting }'}",
    b'{"query":"{ greeting }"} // and more',
]


@pytest.mark.parametrize("body", STRANGE_JSON, ids=range(len(STRANGE_JSON)))
async def test_a_body_that_is_not_plain_json_is_rejected_on_every_transport(
    client: httpx.AsyncClient, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if body[:2] == b"\x1f\x8b" else {})
    reply = await client.post("/graphql", content=body, headers=headers)
    assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    parts: Fields = [("operations", (None, body)), *fields()[1:]]
    assert (await send(client, parts)).status_code == 400


async def test_a_repeated_field_is_validated_and_executed_with_the_same_value(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    for queries, shown in ((("mutation { x }", "{ greeting }"), True), (("{ greeting }", "{ nothing }"), False)):
        body = "{" + ",".join(f'"query":"{query}"' for query in queries) + "}"
        reply = await client.post("/graphql", content=body, headers=headers)
        assert ("data" in reply.json()) is shown
    for query in ("%7Bgreeting%7D&query=mutation%7Brename(title:%22x%22)%7D", "mutation%7Bx%7D&query=%7Bnothing%7D"):
        assert "data" not in (await client.get(f"/graphql?query={query}")).json()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\\\..\\\\boot.ini", "boot.ini"),
        ("/etc/passwd", "passwd"),
        ("C:evil.txt", "evil.txt"),
        ("a/../../b.txt", "b.txt"),
        ("..", "upload"),
        (" ", "upload"),
        ("/", "upload"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("\ufeffa\u200b.txt", "a.txt"),
        ("%2e%2e%2fpasswd", "%2e%2e%2fpasswd"),
        ("__proto__", "__proto__"),
        ("x" * 2_000 + ".txt", "x" * 251 + ".txt"),
        ("<img src=x onerror=alert(1)>.html", "<img src=x onerror=alert(1)>.html"),
    ],
)
async def test_the_name_of_an_upload_is_no_path(
    client: httpx.AsyncClient, incoming: Path, probe: Probe, name: str, kept: str
) -> None:
    assert (await send(client, fields(name=name))).json()["data"] == {"add": kept}
    (file,) = probe.received
    assert file.path.parent == incoming
    assert file.path.name.removesuffix(".part").isalnum(), "the name on the disk is generated"
    assert [path.name for path in incoming.parent.rglob("*") if path.is_file()] == []


def test_invisible_characters_are_removed_from_the_name_of_an_upload() -> None:
    assert display_name("nul\x00l\r\n.t\x7fx\x85t") == "null.txt"
    assert display_name(None) == display_name("\x00") == display_name("\u200b.\u200b.") == "upload"


STRANGE_PATHS = [
    "variables.__proto__.file",
    "variables.constructor.prototype",
    "variables.input.__class__",
    "variables.input.file.path",
    "variables.input.file.__init__.__globals__",
    "variables.input.file.",
    ".variables.input.file",
    "variables..file",
    "variables.input.0",
    "variables.input",
    "variables",
    "",
    ".",
    "query",
    "operationName",
    "extensions.file",
    "0.variables.input.file",
    "variables.INPUT.file",
    "variables.input.file\x00",
    "variables" + ".input" * 100_000,
    "variables.input.file" + ".x" * 100_000,
    "." * 500_000,
]


@pytest.mark.parametrize("path", STRANGE_PATHS, ids=range(len(STRANGE_PATHS)))
async def test_a_file_is_assigned_only_to_a_variable_that_is_null(
    client: httpx.AsyncClient, incoming: Path, probe: Probe, path: str
) -> None:
    reply = await send(client, fields(map=json.dumps({"0": [path]})))
    assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert (probe.contexts, incoming.exists()) == (0, False)


@pytest.mark.parametrize("index", ["-1", "01", "00", "+0", "0.0", "1e0", "٠", " 0", "0 ", "2", "10000000", "9" * 5_000])
async def test_an_index_has_only_one_spelling(client: httpx.AsyncClient, index: str) -> None:
    operations = json.dumps({"query": MANY, "variables": {"f": [None, None]}})
    where = {"a": ["variables.f.0"], "b": [f"variables.f.{index}"]}
    parts: Fields = [("operations", (None, operations)), ("map", (None, json.dumps(where)))]
    reply = await send(client, [*parts, ("a", ("a", b"1")), ("b", ("b", b"2"))])
    assert reply.status_code == 400


@pytest.mark.parametrize("files", [10, 11])
async def test_a_request_has_at_most_ten_files(client: httpx.AsyncClient, files: int) -> None:
    operations = json.dumps({"query": MANY, "variables": {"f": [None] * files}})
    where = json.dumps({str(n): [f"variables.f.{n}"] for n in range(files)})
    parts: Fields = [("operations", (None, operations)), ("map", (None, where))]
    parts += [(str(n), (f"{n}.txt", b"x")) for n in range(files)]
    reply = await send(client, parts)
    assert reply.status_code == (200 if files == 10 else 400)


async def test_a_multipart_body_inside_a_file_is_not_parsed(client: httpx.AsyncClient, probe: Probe) -> None:
    inner = b'--y\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query":"{ broken }"}\r\n--y--\r\n'
    nested = ("nested", inner, "multipart/form-data; boundary=y")
    reply = await client.post("/graphql", data=TEXTS, files={"0": nested}, headers=PREFLIGHT)
    assert reply.json()["data"] == {"add": "nested"}
    assert probe.contents == [inner]


async def test_bytes_after_the_last_boundary_are_limited(connect: Connect) -> None:
    """The server ignores these bytes, but a client could send them without end."""
    request = httpx.Request("POST", "http://localhost/graphql", files=fields())
    whole, headers = request.read(), {"Content-Type": request.headers["content-type"], **PREFLIGHT}
    async with connect(limits=Limits(max_upload_bytes=1 << 30)) as client:
        for left_over, status in ((b"", 200), (b"\r\n" * 100, 200), (b"--x\r\n" * 40_000, 400)):
            pieces = [whole, left_over[:1000], left_over[1000:]]

            async def body(pieces: list[bytes] = pieces):  # type: ignore[no-untyped-def]
                for piece in pieces:
                    yield piece

            assert (await client.post("/graphql", content=body(), headers=headers)).status_code == status
