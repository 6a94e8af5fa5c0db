"""Invalid input of every kind: a typed error or a FAILED document, and the next request succeeds."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.e2e.client import Client, GraphQLFailure, Json
from tests.e2e.process import Server, running_server
from tests.e2e.story import (
    DOCUMENT_EVENTS,
    MESSAGE_EVENTS,
    create_session,
    search,
    send,
    upload_ready,
    wait_for_document,
    wait_for_model,
)
from tests.support.documents import files

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


def empty(path: Path) -> None:
    path.write_bytes(b"")


def renamed_binary(path: Path) -> None:
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40)


def not_a_zip(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 this is no zip archive" + b"\x00\xff" * 500)


def a_zip_but_no_docx(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.jpg", b"\xff\xd8\xff\xe0" + bytes(1000))


def cut_pdf(path: Path) -> None:
    whole = files.WRITERS["pdf"](path).path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])


BAD: list[tuple[str, Callable[[Path], None], set[str]]] = [
    ("empty.txt", empty, {"INVALID_INPUT"}),
    ("program.pdf", renamed_binary, {"UNSUPPORTED"}),
    ("letter.docx", not_a_zip, {"UNSUPPORTED", "CORRUPT_DOCUMENT"}),
    ("archive.docx", a_zip_but_no_docx, {"UNSUPPORTED", "CORRUPT_DOCUMENT"}),
    ("cut.pdf", cut_pdf, {"CORRUPT_DOCUMENT"}),
    ("locked.pdf", files.write_encrypted_pdf, {"ENCRYPTED_DOCUMENT"}),
    ("bomb.docx", files.write_zip_bomb, {"PARSER_LIMIT"}),
]


@pytest.mark.parametrize(("name", "write", "codes"), BAD, ids=[name for name, _, _ in BAD])
async def test_an_invalid_file_has_an_error_and_the_next_file_is_read(
    client: Client, tmp_path: Path, name: str, write: Callable[[Path], None], codes: set[str]
) -> None:
    file = tmp_path / name
    write(file)
    uploaded = await client.upload(file)
    if uploaded["__typename"] == "UploadDocumentSuccess":
        document = await wait_for_document(client, uploaded["document"]["id"])
        assert document["status"] == "FAILED"
        code, message = document["error"]["code"], document["error"]["message"]
    else:
        code, message = uploaded["code"], uploaded["message"]
    assert code in codes, (code, message)
    assert len(message) > 15
    assert str(tmp_path) not in message
    after = tmp_path / "after.txt"
    after.write_text(f"After {name} everything works.")
    assert (await upload_ready(client, after))["chunkCount"] == 1


async def test_the_path_of_an_uploaded_name_is_removed(client: Client, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "passwd"
    file.write_text("root is only a word in this file")
    uploaded = await client.upload(file, name="../../etc/passwd")
    assert uploaded["document"]["name"] == "passwd"
    document = await wait_for_document(client, uploaded["document"]["id"])
    assert document["status"] == "READY"


async def test_a_text_with_more_characters_than_the_limit_fails(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "huge.txt"
    with file.open("w") as opened:
        for _ in range(300):
            opened.write("words and words and words and words\n" * 30_000)
    async with running_server(data_dir, graphiql="false") as own, Client(own.url) as client:
        uploaded = await client.upload(file)
        document = await wait_for_document(client, uploaded["document"]["id"])
        assert document["status"] == "FAILED"
        assert document["error"]["code"] == "PARSER_LIMIT"
        assert document["chunkCount"] == 0
        assert (await client.get("/health")).status_code == 200


async def test_an_upload_above_the_limit_is_rejected_while_it_arrives(data_dir: Path) -> None:
    sent = 0

    async def body() -> "object":  # an async generator: httpx sends it in pieces
        nonlocal sent
        head = (
            b'--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n'
            b'{"query":"mutation($f: Upload!){uploadDocument(input:{file:$f}){__typename}}","variables":{"f":null}}\r\n'
            b'--x\r\nContent-Disposition: form-data; name="map"\r\n\r\n{"0":["variables.f"]}\r\n'
            b'--x\r\nContent-Disposition: form-data; name="0"; filename="big.txt"\r\n\r\n'
        )
        yield head
        for _ in range(200):
            sent += 1 << 20
            yield b"a" * (1 << 20)

    async with running_server(data_dir, max_upload_bytes=str(4 << 20)) as own, httpx.AsyncClient() as http:
        try:
            reply = await http.post(
                f"{own.url}/graphql",
                content=body(),  # type: ignore[arg-type]
                headers={"Content-Type": "multipart/form-data; boundary=x", "GraphQL-Require-Preflight": "1"},
            )
            assert reply.status_code == 413
        except (httpx.WriteError, httpx.ReadError):
            assert sent < 200 << 20, "the server closed the connection while the body was being sent"
        assert sent < 100 << 20
        async with Client(own.url) as client:
            assert (await client.get("/health")).status_code == 200
        assert not list((data_dir / "incoming").glob("*"))


@pytest.mark.parametrize("query", ["x" * 10_000, '""""""', "'\"'", "你好世界", "a AND (b OR", "%_%", "NEAR(a b)", "*"])
@pytest.mark.parametrize("mode", ["KEYWORD", "SEMANTIC", "HYBRID"])
async def test_a_query_may_contain_any_characters(client: Client, query: str, mode: str) -> None:
    found = await search(client, query, mode=mode)
    assert found["__typename"] == "SearchResults"
    assert all(leg["state"] != "FAILED" for leg in found["trace"]["legs"])


async def test_chinese_is_found_by_its_words(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "chinese.txt"
    file.write_text("螺栓甲的扭矩是三十五牛米。发动机在左边。")
    await upload_ready(client, file)
    found = await search(client, "扭矩", mode="KEYWORD")
    assert any("扭矩" in hit["chunk"]["text"] for hit in found["hits"])


async def test_an_empty_query_or_prompt_is_invalid_input(client: Client) -> None:
    await wait_for_model(client)
    assert (await search(client, "   "))["code"] == "INVALID_INPUT"
    session = await create_session(client, [])
    sent = await send(client, session, " \n ")
    assert sent["__typename"] == "InvalidInputError"
    assert sent["path"] == ["input", "content"]


async def test_unknown_ids_and_ids_of_another_type_are_null_or_not_found(client: Client, tmp_path: Path) -> None:
    session = await create_session(client, [])
    for wrong in ("nonsense", "RG9jdW1lbnQ6OTk5OTk5", session):
        found = await client.run("query ($id: ID!) { document(id: $id) { id } chunk(id: $id) { id } }", id=wrong)
        assert found == {"document": None, "chunk": None}
        deleted = await client.run(
            "mutation ($id: ID!) { deleteDocument(input: {id: $id}) { __typename ... on Error { code } } }", id=wrong
        )
        assert deleted["deleteDocument"] == {"__typename": "NotFoundError", "code": "NOT_FOUND"}


async def test_a_second_prompt_during_an_answer_is_a_conflict(client: Client) -> None:
    await wait_for_model(client)
    session = await create_session(client, [], thinkingMode="DIRECT")
    first = await send(client, session, "Tell me a long story.", sampling={"maxTokens": 1500})
    second = await send(client, session, "And another one.")
    assert second["__typename"] == "ConflictError"
    canceled = await client.run(
        """mutation ($id: ID!) { cancelGeneration(input: {messageId: $id}) { __typename
        ... on CancelGenerationSuccess { answer { id status } } } }""",
        id=first["answer"]["id"],
    )
    assert canceled["cancelGeneration"]["answer"]["status"] == "CANCELED"


async def first_event(client: Client, query: str, **variables: str) -> Json:
    async with client.subscribe(query, **variables) as events:
        return await anext(events)


@pytest.mark.parametrize("query", [MESSAGE_EVENTS, DOCUMENT_EVENTS])
async def test_a_subscription_to_an_unknown_id_gets_an_error_frame(client: Client, query: str) -> None:
    with pytest.raises(GraphQLFailure) as failure:
        await first_event(client, query, id="RG9jdW1lbnQ6OTk5OTk5")
    assert failure.value.args[0][0]["extensions"]["code"] == "NOT_FOUND"
