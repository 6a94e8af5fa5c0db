"""Uploads: files that are sent with an operation."""

import asyncio
import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from records.configuration import Limits
from tests.support.small_disk import small_disk
from tests.transport.book_graph import create_book_app
from tests.transport.conftest import Connect, Serve
from tests.transport.probe import Probe

ADD = "mutation ($input: FileInput!) { add(input: $input) }"
OPERATIONS = json.dumps({"query": ADD, "variables": {"input": {"file": None}}})
MAP = json.dumps({"0": ["variables.input.file"]})
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}

Fields = list[tuple[str, tuple[str | None, bytes | str]]]


def fields(*, operations: str = OPERATIONS, map: str = MAP, name: str = "a.txt", content: bytes = b"abc") -> Fields:
    return [("operations", (None, operations)), ("map", (None, map)), ("0", (name, content))]


async def send(client: httpx.AsyncClient, parts: Fields) -> httpx.Response:
    return await client.post("/graphql", files=parts, headers=PREFLIGHT)


async def test_a_file_is_received_completely_and_hashed_under_a_generated_name(
    client: httpx.AsyncClient, probe: Probe, incoming: Path
) -> None:
    content = bytes(range(256)) * 20_000
    reply = await send(client, fields(name="résumé ☕.txt", content=content))
    assert reply.json()["data"] == {"add": "résumé ☕.txt"}
    (file,) = probe.received
    assert probe.contents == [content]
    assert (file.byte_size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert file.path.parent == incoming
    assert "sum" not in file.path.name


async def test_a_file_that_the_operation_does_not_keep_is_removed(client: httpx.AsyncClient, incoming: Path) -> None:
    await send(client, fields())
    assert list(incoming.iterdir()) == []


async def test_a_file_that_the_operation_keeps_stays(client: httpx.AsyncClient, probe: Probe, incoming: Path) -> None:
    probe.keeps_files = True
    await send(client, fields())
    (kept,) = incoming.iterdir()
    assert kept.read_bytes() == b"abc"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\Users\\\\me\\\\notes.txt", "notes.txt"),
        ("..", "upload"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
        ("/", "upload"),
    ],
)
async def test_the_path_of_a_file_name_is_removed(client: httpx.AsyncClient, given: str, shown: str) -> None:
    assert (await send(client, fields(name=given))).json()["data"] == {"add": shown}


async def test_several_files_are_assigned_to_their_variables(client: httpx.AsyncClient) -> None:
    query = "mutation ($f: [Upload!]!) { addMany(files: $f) }"
    operations = json.dumps({"query": query, "variables": {"f": [None, None]}})
    where = json.dumps({"b": ["variables.f.1"], "a": ["variables.f.0"]})
    parts: Fields = [("operations", (None, operations)), ("map", (None, where))]
    parts += [("b", ("second", b"2")), ("a", ("first", b"1"))]
    assert (await send(client, parts)).json()["data"] == {"addMany": ["first", "second"]}


@pytest.mark.parametrize("header", ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Requested-With"])
async def test_an_upload_needs_a_header_that_no_form_can_send(client: httpx.AsyncClient, header: str) -> None:
    reply = await client.post("/graphql", files=fields())
    assert reply.status_code == 403
    assert reply.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await client.post("/graphql", files=fields(), headers={header: "x"})).status_code == 200


NULLS: dict[str, Any] = {"query": ADD, "variables": {"input": {"file": None}}}


@pytest.mark.parametrize(
    "parts",
    [
        [],
        fields()[1:],
        [fields()[1], fields()[0], fields()[2]],
        fields()[:2],
        [*fields(), ("0", ("again", b"x"))],
        [*fields(), ("1", ("unknown", b"x"))],
        fields(operations="[]"),
        fields(operations="5"),
        fields(operations="{"),
        fields(operations=json.dumps([NULLS])),
        fields(operations=json.dumps({"query": 5})),
        fields(operations=json.dumps({"query": ADD})),
        fields(operations=json.dumps(NULLS | {"variables": {"input": {"file": "taken"}}})),
        *(
            fields(map=where)
            for where in (
                "[]",
                "{}",
                "5",
                "{",
                '{"0": "variables.input.file"}',
                '{"0": [5]}',
                '{"0": []}',
                '{"0": ["variables.input.other"]}',
                '{"0": ["variables.input"]}',
                '{"0": ["variables"]}',
                '{"0": ["query"]}',
                '{"0": [""]}',
                '{"0": ["variables.input.file.0"]}',
                '{"0": ["variables.input.__class__"]}',
                '{"0": ["variables.input.file", "variables.input.file"]}',
                json.dumps({str(n): [f"variables.{n}"] for n in range(11)}),
            )
        ),
    ],
)
async def test_an_invalid_multipart_request_gets_400_and_leaves_no_file(
    client: httpx.AsyncClient, incoming: Path, parts: Fields
) -> None:
    body = parts or [("other", (None, "x"))]
    reply = await send(client, body)
    assert reply.status_code == 400, reply.text
    assert reply.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert not incoming.exists() or list(incoming.iterdir()) == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"no boundary at all"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=" + "x" * 500, b""),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=operations\r\n\r\n{}"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a: b\r\n" * 10_000),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a" * 100_000),
    ],
)
async def test_an_invalid_multipart_body_gets_400(client: httpx.AsyncClient, content_type: str, body: bytes) -> None:
    headers = {"Content-Type": content_type, **PREFLIGHT}
    assert (await client.post("/graphql", content=body, headers=headers)).status_code == 400


async def test_a_file_of_exactly_the_limit_is_accepted_and_one_byte_more_is_rejected(
    connect: Connect, incoming: Path
) -> None:
    async with connect(limits=Limits(max_upload_bytes=1000)) as client:
        assert (await send(client, fields(content=b"x" * 1000))).status_code == 200
        reply = await send(client, fields(content=b"x" * 1001))
    assert reply.status_code == 413
    assert reply.json()["errors"][0]["extensions"]["code"] == "TOO_LARGE"
    assert list(incoming.iterdir()) == []


async def test_a_file_that_is_too_large_is_rejected_while_it_arrives(serve: Serve, incoming: Path) -> None:
    async with serve(limits=Limits(max_upload_bytes=1 << 20)) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"POST /graphql HTTP/1.1\r\nHost: {address}\r\nTransfer-Encoding: chunked\r\n".encode())
        writer.write(b"Content-Type: multipart/form-data; boundary=x\r\nX-Requested-With: me\r\n\r\n")
        response = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
        sent = 0
        for piece in pieces(b"x" * 65_536):  # without end: a server that waits for the whole body waits forever
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            sent += len(piece)
            if response.done():
                break
        head = (await response).decode()
        writer.close()
        await writer.wait_closed()
    assert head.startswith("HTTP/1.1 413 ")
    assert "connection: close" in head.lower()
    assert sent < 32 << 20
    assert list(incoming.iterdir()) == []


def pieces(content: bytes) -> Iterator[bytes]:
    """Yield a multipart body whose file never ends."""
    for name, value in (("operations", OPERATIONS), ("map", MAP)):
        yield f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    yield b'--x\r\nContent-Disposition: form-data; name="0"; filename="big"\r\n\r\n'
    yield from itertools.repeat(content)


async def test_an_upload_to_a_full_disk_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", None, 1 << 20) as disk:
        incoming = disk.folder / "incoming"
        transport = httpx.ASGITransport(create_book_app(incoming))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            response = await send(client, fields(content=b"x" * (4 << 20)))
            assert response.status_code == 507
            assert response.json()["errors"][0]["extensions"]["code"] == "DISK_FULL"
            assert list(incoming.iterdir()) == []
            assert (await send(client, fields())).status_code == 200


async def test_a_client_that_disconnects_leaves_no_file(serve: Serve, incoming: Path, probe: Probe) -> None:
    async def body() -> AsyncIterator[bytes]:
        for piece in itertools.islice(pieces(bytes(1 << 20)), 8):
            yield piece
        raise ConnectionAbortedError

    headers = {"Content-Type": "multipart/form-data; boundary=x", **PREFLIGHT}
    async with serve() as address, httpx.AsyncClient() as client:
        with pytest.raises(ConnectionAbortedError):
            await client.post(f"http://{address}/graphql", content=body(), headers=headers)
    assert probe.received == []
    assert list(incoming.iterdir()) == []


async def test_the_hash_of_a_persisted_query_in_a_multipart_request_is_answered_like_others(
    client: httpx.AsyncClient, incoming: Path
) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": "ab" * 32}}
    operations = json.dumps({"extensions": extensions, "variables": {"input": {"file": None}}})
    reply = await send(client, fields(operations=operations))
    assert reply.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_SUPPORTED"
    assert not incoming.exists()


async def test_half_a_surrogate_pair_in_a_variable_beside_a_file_is_replaced_in_the_response(
    client: httpx.AsyncClient,
) -> None:
    query = "mutation ($input: FileInput!, $t: String!) { add(input: $input) rename(title: $t) }"
    variables = '{"input":{"file":null},"t":"\\ud83d"}'
    reply = await send(client, fields(operations=f'{{"query":"{query}","variables":{variables}}}'))
    assert reply.json()["data"] == {"add": "a.txt", "rename": "\N{REPLACEMENT CHARACTER}"}
