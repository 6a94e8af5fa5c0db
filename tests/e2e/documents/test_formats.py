"""A file of each format in the real server: uploaded, parsed, and found by keywords of a sentence."""

from pathlib import Path

import pytest

from tests.e2e.client import Client
from tests.e2e.story import ENDS, search, wait_for_document
from tests.support.documents import samples

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

WORDS = {
    "briefing.pptx": "siren sounds three times",
    "tides.xlsx": "chance of storm 35%",
    "gulls.ods": "Svartholmen nests 388",
    "kelp.epub": "dried on the north wall",
    "foghorn.eml": "foghorn Grönskär silent",
    "letters.mbox": "padlock opens 7719",
    "winch.msg": "winch oiled second Monday",
    "ebb.ipynb": "ebb Lyngør six hours",
    "station.json": "Vaasa 00650",
    "buoys.jsonl": "buoy K8 light colour green",
    "lamp.xml": "lamp burns colza oil",
    "fleet.xml": "Möwe leaks slightly aft",
    "rope.adoc": "long splice fifteen turns",
    "halyards.tex": "braided nylon stretches",
    "gauge.py": "storm surge above zero of Ronehamn",
    "anchor.odt": "sheet anchor forty stone",
    "drill.odp": "lifeboat drill slipway",
    "moorings.rtf": "bollard twelve pilot cutter",
}


async def test_a_sentence_of_every_format_is_found_by_its_keywords(client: Client, tmp_path: Path) -> None:
    assert set(WORDS) == set(samples.SENTENCES)
    for name in WORDS:
        uploaded = await client.upload(samples.write(tmp_path, name))
        assert uploaded["__typename"] == "UploadDocumentSuccess", uploaded
        document = await wait_for_document(client, uploaded["document"]["id"], until=("EMBEDDING", *ENDS))
        assert document["status"] in ("EMBEDDING", "READY"), (name, document)
    for name, words in WORDS.items():
        best = (await search(client, words, mode="KEYWORD"))["hits"][0]
        assert best["document"]["name"] == name
        assert samples.SENTENCES[name] in best["chunk"]["text"]


async def test_coverage_lists_the_parts_that_were_not_read(client: Client, tmp_path: Path) -> None:
    uploaded = await client.upload(samples.write(tmp_path, "briefing.pptx"))
    query = """query ($id: ID!) { document(id: $id) { mediaType pageCount
        coverage { pages pagesWithText tables pictures warnings } } }"""
    await wait_for_document(client, uploaded["document"]["id"], until=("EMBEDDING", *ENDS))
    assert (await client.run(query, id=uploaded["document"]["id"]))["document"] == {
        "mediaType": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "pageCount": 4,
        "coverage": {
            "pages": 4,
            "pagesWithText": 3,
            "tables": 1,
            "pictures": 0,
            "warnings": ["1 of 4 slides have no text: 4."],
        },
    }


IMPORT = """mutation ($input: ImportDocumentInput!) { importDocument(input: $input) {
    __typename ... on ImportDocumentSuccess { duplicate document { id mediaType } } } }"""
TYPES = {
    "foghorn.eml": "message/rfc822",
    "letters.mbox": "application/mbox",
    "station.json": "application/json",
    "buoys.jsonl": "application/x-ndjson",
    "lamp.xml": "application/xml",
    "rope.adoc": "text/asciidoc",
    "halyards.tex": "text/x-tex",
    "gauge.py": "text/x-python",
}


async def test_an_imported_text_is_a_duplicate_of_the_file_with_the_same_content(
    client: Client, tmp_path: Path
) -> None:
    for name, media_type in TYPES.items():
        path = samples.write(tmp_path, name)
        uploaded = await client.upload(path)
        source = {"text": path.read_bytes().decode()}
        imported = await client.run(IMPORT, input={"source": source, "mediaType": media_type, "name": name})
        assert imported["importDocument"] == {
            "__typename": "ImportDocumentSuccess",
            "duplicate": True,
            "document": {"id": uploaded["document"]["id"], "mediaType": media_type},
        }
