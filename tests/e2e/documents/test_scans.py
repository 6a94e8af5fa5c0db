"""A scan in the real server: uploaded, recognized page by page, and found by keywords on its page."""

from pathlib import Path

import pytest

from tests.e2e.client import Client
from tests.e2e.story import ENDS, search, wait_for_document
from tests.support.documents.scans import Drawn, draw_page, write_scan

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

COVERAGE = """query ($id: ID!) { document(id: $id) { mediaType pageCount
    coverage { pages pagesWithText pagesRecognized pictures warnings } } }"""
PAGES = {
    "Quarantine": "The quarantine flag is plain yellow.",
    "Pilots": "A pilot is asked for by a white border around blue.",
}
"""Sentences by the heading of their page."""


async def test_a_scan_is_found_by_its_keywords(client: Client, tmp_path: Path) -> None:
    pages = [draw_page([Drawn(heading, 40, 30, size=24), Drawn(text, 40, 90)]) for heading, text in PAGES.items()]
    write_scan(tmp_path / "flags.pdf", pages)
    uploaded = await client.upload(tmp_path / "flags.pdf")
    document_id = uploaded["document"]["id"]
    document = await wait_for_document(client, document_id, until=("EMBEDDING", *ENDS))
    assert document["status"] in ("EMBEDDING", "READY"), document
    best = (await search(client, "pilot white border blue", mode="KEYWORD"))["hits"][0]
    assert best["document"]["name"] == "flags.pdf"
    assert (best["chunk"]["pageStart"], best["chunk"]["headings"]) == (2, ["Pilots"])
    assert PAGES["Pilots"] in best["chunk"]["text"]
    assert (await client.run(COVERAGE, id=document_id))["document"] == {
        "mediaType": "application/pdf",
        "pageCount": 2,
        "coverage": {"pages": 2, "pagesWithText": 2, "pagesRecognized": 2, "pictures": 2, "warnings": []},
    }


async def test_an_image_file_becomes_a_document(client: Client, tmp_path: Path) -> None:
    draw_page([Drawn("Fuel is sold at the north pier until nine.", 40, 60)]).save(tmp_path / "notice.png")
    uploaded = await client.upload(tmp_path / "notice.png")
    document = await wait_for_document(client, uploaded["document"]["id"], until=("EMBEDDING", *ENDS))
    assert document["status"] in ("EMBEDDING", "READY"), document
    best = (await search(client, "fuel north pier", mode="KEYWORD"))["hits"][0]
    assert best["document"]["name"] == "notice.png"
