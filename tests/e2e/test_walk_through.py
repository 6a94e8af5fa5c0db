"""The steps of the README with the real server, the real small models and real files."""

from pathlib import Path

import pytest

from tests.e2e.client import Client, Json
from tests.e2e.story import ask, create_session, search, upload_ready, wait_for_model
from tests.support.documents import files

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

TEXT_AT = (
    "query ($id: ID!, $offset: Int!, $length: Int!) { document(id: $id) { text(offset: $offset, length: $length) } }"
)


async def is_quote_of_document(client: Client, citation: Json) -> bool:
    """Return whether the quote of a citation equals its span of the document's text."""
    start, end = citation["startOffset"], citation["endOffset"]
    found = await client.run(TEXT_AT, id=citation["document"]["id"], offset=start, length=end - start)
    return bool(found["document"]["text"] == citation["quote"])


@pytest.mark.parametrize("kind", ["pdf", "docx", "html"])
async def test_planted_facts_are_found_in_every_search_mode_and_cited(
    client: Client, tmp_path: Path, kind: str
) -> None:
    planted = files.WRITERS[kind](tmp_path / f"planted.{kind}")
    await wait_for_model(client)
    document = await upload_ready(client, planted.path)
    assert document["chunkCount"] > 0
    for fact in planted.facts:
        for mode in ("KEYWORD", "SEMANTIC", "HYBRID"):
            found = await search(client, fact.question, mode=mode, documentIds=[document["id"]])
            texts = [hit["chunk"]["text"] for hit in found["hits"]]
            assert any(fact.answer in text for text in texts), (mode, fact.question, texts)
    fact = planted.facts[0]
    session = await create_session(client, [document["id"]], thinkingMode="RAG")
    answer = await ask(client, session, fact.question, sampling={"maxTokens": 40, "temperature": 0})
    assert answer.end["__typename"] == "MessageCompleted", answer.end
    assert answer.end["message"]["content"] == answer.content != ""
    citing = [citation for citation in answer.end["message"]["citations"] if fact.answer in citation["quote"]]
    assert citing, "the passage with the fact is cited"
    assert all([await is_quote_of_document(client, citation) for citation in answer.end["message"]["citations"]])
    if kind == "pdf":
        assert citing[0]["page"] == fact.page


async def test_an_answer_without_documents_has_no_citations(client: Client) -> None:
    session = await create_session(client, [], thinkingMode="RAG")
    answer = await ask(client, session, "What is a bolt?", sampling={"maxTokens": 10})
    assert answer.end["__typename"] == "MessageCompleted"
    assert answer.end["message"]["citations"] == []


async def test_the_reasoning_of_a_thinking_mode_is_separate_from_the_answer(client: Client) -> None:
    session = await create_session(client, [], thinkingMode="COT")
    answer = await ask(client, session, "Is seven a prime number?", sampling={"maxTokens": 30})
    message = answer.end["message"]
    assert answer.end["__typename"] == "MessageCompleted"
    assert message["reasoning"] == answer.reasoning != ""
    assert message["content"] == answer.content != ""


async def test_an_original_is_downloaded_unchanged(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes("Zürich, 35 °C\n".encode("latin-1") * 50)
    document = await upload_ready(client, file)
    address = (await client.run("query ($id: ID!) { document(id: $id) { downloadUrl text } }", id=document["id"]))[
        "document"
    ]
    assert "Zürich, 35 °C" in address["text"]
    fetched = await client.get(address["downloadUrl"])
    assert fetched.content == file.read_bytes()
    assert "attachment" in fetched.headers["content-disposition"]


async def test_the_same_bytes_are_one_document(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "once.txt"
    file.write_text("The same bytes twice are one document.")
    first = await upload_ready(client, file)
    again = await client.upload(file, name="another name.txt")
    assert again["duplicate"] is True
    assert again["document"]["id"] == first["id"]


async def test_a_deleted_document_is_not_found_any_more(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("The vault opens with the word zanzibarium.")
    document = await upload_ready(client, file)
    assert (await search(client, "zanzibarium"))["hits"]
    deleted = (
        await client.run(
            """mutation ($id: ID!) { deleteDocument(input: {id: $id}) { __typename
            ... on DeleteDocumentSuccess { deletedId receipt { chunks keywordEntries vectors originals bytes } } } }""",
            id=document["id"],
        )
    )["deleteDocument"]
    receipt = deleted["receipt"]
    assert receipt.pop("bytes") >= file.stat().st_size
    assert receipt == {"chunks": 1, "keywordEntries": 1, "vectors": 1, "originals": 1}
    for mode in ("KEYWORD", "SEMANTIC", "HYBRID"):
        assert not any(
            "zanzibarium" in hit["chunk"]["text"] for hit in (await search(client, "zanzibarium", mode=mode))["hits"]
        )
    assert (await client.run("query ($id: ID!) { document(id: $id) { id } }", id=document["id"]))["document"] is None
