"""How documents come in: what a text can be, and that the same bytes are one document however they come."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engines.parsing.formats import FORMATS
from persistence.database.database import Database, open_database
from persistence.documents.documents import Documents
from persistence.originals import Originals
from records.document import Chunking, ReceivedFile
from records.errors import InvalidInput
from records.ids import DocumentId
from services.ingestion import Intake
from services.ingestion.document_events import DocumentEvents
from services.ingestion.fetching import Fetcher
from tests.engines.parsing.in_process import extract

MESSAGE = "From: ada@example.org\nTo: bo@example.org\nSubject: Bolts\n\nThe bolts are here.\n"
TEXTS = {
    "text/plain": "Plain words.",
    "application/yaml": "city: Oslo\n",
    "text/markdown": "Only a line.",
    "text/csv": "a,b\n1,2\n",
    "text/tab-separated-values": "a\tb\n1\t2\n",
    "text/asciidoc": "= Title\n",
    "text/x-tex": "\\section{One}",
    "application/json": '{\n  "city": "Oslo"\n}',
    "application/x-ndjson": '{"a": 1}\n{"a": 2}\n',
    "message/rfc822": MESSAGE,
    "text/x-python": "print('x')\n",
    "text/x-c++": "int main() {}\n",
    "application/xml": "<book><title>T</title></book>",
    "text/html": "<p>words</p>",
}


class Door:
    """Intake over real stores; `queue` are the documents whose ingestion was begun."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self.queue: list[DocumentId] = []
        documents = Documents(database)
        self.originals = Originals(database, folder / "originals", folder / "incoming")
        self.arrivals = Intake(
            documents,
            self.originals,
            DocumentEvents(documents),
            self.queue.append,
            incoming=folder / "incoming",
            import_roots=[],
            max_bytes=1_000_000,
            chunking=Chunking(),
            fetcher=Fetcher(folder / "incoming", 1_000_000, allow_private=False),
            originals_lock=asyncio.Lock(),
        )

    def received(self, content: bytes) -> ReceivedFile:
        (self.folder / "incoming").mkdir(exist_ok=True)
        part = self.folder / "incoming" / f"{uuid.uuid4().hex}.part"
        part.write_bytes(content)
        return ReceivedFile(part, "bolts.txt", len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_database(tmp_path / "graphlore.db") as database:
        yield Door(database, tmp_path)


def test_the_examples_here_are_of_every_format_that_is_text() -> None:
    for known in FORMATS:
        assert known.is_text == any(media_type in TEXTS for media_type in known.types), known.label


@pytest.mark.parametrize("media_type", TEXTS)
async def test_a_text_of_every_format_that_is_text_comes_in_as_what_it_is_said_to_be(
    door: Door, media_type: str
) -> None:
    document, duplicate = await door.arrivals.add_text(TEXTS[media_type], media_type=media_type)
    assert (document.media_type, duplicate, door.queue) == (media_type, False, [document.id])


async def test_what_a_text_shows_goes_before_what_it_is_said_to_be(door: Door) -> None:
    document, _ = await door.arrivals.add_text("<!DOCTYPE html><p>words", media_type="text/x-python")
    assert document.media_type == "text/html"


@pytest.mark.parametrize("media_type", ["application/pdf", "text/x-cobol", "image/png"])
async def test_a_type_that_is_no_text_is_refused_with_those_that_are(door: Door, media_type: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await door.arrivals.add_text("words", media_type=media_type)
    message = refusal.value.message
    assert refusal.value.field == "media_type"
    assert message.startswith("A text is one of text/plain, application/yaml, text/markdown, ")
    assert "text/x-bash and similar types for source code" in message
    assert len(message) < 400
    assert door.queue == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\n  First line.\nSecond line.", "First line."),
        ('{\n  "city": "Oslo"\n}', '"city": "Oslo"'),
        ("***", "***"),
        ("word " * 40, " ".join(["word"] * 12) + "…"),
    ],
)
async def test_a_text_without_a_name_is_called_by_its_first_words(door: Door, text: str, name: str) -> None:
    document, _ = await door.arrivals.add_text(text)
    assert document.name == name


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        ("application/xml", '<?xml version="1.0" encoding="ISO-8859-1"?><a>Grüße</a>'),
        ("text/html", '<html><head><meta charset="windows-1251"></head><p>Grüße</p></html>'),
    ],
)
async def test_a_text_that_names_the_encoding_of_a_file_is_read_as_it_came(
    door: Door, media_type: str, text: str
) -> None:
    document, _ = await door.arrivals.add_text(text, media_type=media_type)
    assert document.media_type == media_type
    assert extract(door.originals.path(document.sha256)).text == "Grüße"


async def test_the_same_bytes_at_the_same_moment_are_one_document_and_others_another(door: Door) -> None:
    """What a client that sends a key may count on, with the key and without it."""
    files = [door.received(b"Bolt A takes 35 Nm.") for _ in range(8)]
    results = await asyncio.gather(*(door.arrivals.add_file(file) for file in files))
    [first] = {document.id for document, _ in results}
    assert sorted(duplicate for _, duplicate in results) == [False] + [True] * 7
    assert (await door.arrivals.add_file(door.received(b"Bolt A takes 35 Nm.")))[0].id == first
    other, duplicate = await door.arrivals.add_file(door.received(b"Bolt B takes 40 Nm."))
    assert (other.id == first, duplicate) == (False, False)
    assert door.queue == [first, other.id]
    assert list((door.folder / "incoming").iterdir()) == []
