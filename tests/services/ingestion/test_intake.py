"""The arrival of documents: the formats of texts, duplicates, and the files that remain on the disk."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from engines.parsing.formats import FORMATS
from persistence.database.database import Database
from persistence.originals import Originals
from records.codes import ErrorCode
from records.document import DocumentRecord, DocumentStatus
from records.errors import Conflict, DocumentUnreadable, InvalidInput, TooLarge, Unsupported
from tests.access import LOCAL
from tests.engines.parsing.in_process import extract
from tests.services.ingestion.harness import MAX_BYTES, IngestionHarness, open_harness
from tests.support.own_task import in_own_task

READY, FAILED = DocumentStatus.READY, DocumentStatus.FAILED
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
    "application/mbox": f"From ada@example.org Fri Nov 27 10:00:00 2026\n{MESSAGE}",
    "text/x-python": "print('x')\n",
    "text/x-c++": "int main() {}\n",
    "application/x-ipynb+json": '{"cells": [{"cell_type": "markdown", "source": "# T"}], "metadata": {}, "nbformat": 4}',
    "application/xml": "<book><title>T</title></book>",
    "text/html": "<p>words</p>",
}
BOLTS = b"Bolt A takes 35 Nm."


@pytest.fixture
async def harness(database: Database, tmp_path: Path) -> AsyncIterator[IngestionHarness]:
    async with in_own_task(open_harness(database, tmp_path)) as harness:
        yield harness


def incoming(harness: IngestionHarness) -> list[Path]:
    return list(harness.incoming.iterdir()) if harness.incoming.exists() else []


def originals(folder: Path) -> list[str]:
    return [path.name for path in (folder / "originals").rglob("*") if path.is_file()]


def test_there_is_an_example_of_every_text_format() -> None:
    for known in FORMATS:
        assert known.is_text == any(media_type in TEXTS for media_type in known.types), known.label


@pytest.mark.parametrize("media_type", TEXTS)
async def test_a_text_keeps_the_media_type_of_the_request(harness: IngestionHarness, media_type: str) -> None:
    document, is_duplicate = await harness.intake.add_text(LOCAL, TEXTS[media_type], media_type=media_type)
    assert (document.media_type, is_duplicate) == (media_type, False)
    assert incoming(harness) == []


async def test_the_content_of_a_text_overrides_a_wrong_media_type(harness: IngestionHarness) -> None:
    document, _ = await harness.intake.add_text(LOCAL, "<!DOCTYPE html><p>words", media_type="text/x-python")
    assert document.media_type == "text/html"


@pytest.mark.parametrize("media_type", ["application/pdf", "text/x-cobol", "image/png"])
async def test_a_media_type_that_is_not_text_is_refused_with_a_list_of_those_that_are(
    harness: IngestionHarness, media_type: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await harness.intake.add_text(LOCAL, "words", media_type=media_type)
    message = refusal.value.message
    assert refusal.value.field == "media_type"
    assert "Supported are text/plain, application/yaml, text/markdown, " in message
    assert "text/x-bash" in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\n  First line.\nSecond line.", "First line."),
        ('{\n  "city": "Oslo"\n}', '"city": "Oslo"'),
        ("***", "***"),
        ("word " * 40, " ".join(["word"] * 12) + "…"),
    ],
)
async def test_a_text_without_a_name_is_named_after_its_first_words(
    harness: IngestionHarness, text: str, name: str
) -> None:
    document, _ = await harness.intake.add_text(LOCAL, text)
    assert document.name == name


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        ("application/xml", '<?xml version="1.0" encoding="ISO-8859-1"?><a>Grüße</a>'),
        ("text/html", '<html><head><meta charset="windows-1251"></head><p>Grüße</p></html>'),
    ],
)
async def test_a_declared_encoding_of_a_text_is_ignored(harness: IngestionHarness, media_type: str, text: str) -> None:
    document, _ = await harness.intake.add_text(LOCAL, text, media_type=media_type)
    assert document.media_type == media_type
    assert extract(harness.originals.path(document.sha256)).text == "Grüße"


async def test_the_same_bytes_at_the_same_time_become_one_document(harness: IngestionHarness) -> None:
    files = [harness.received(BOLTS) for _ in range(8)]
    results = await asyncio.gather(*(harness.intake.add_file(LOCAL, file) for file in files))
    [first] = {document.id for document, _ in results}
    assert sorted(is_duplicate for _, is_duplicate in results) == [False] + [True] * 7
    assert (await harness.intake.add_file(LOCAL, harness.received(BOLTS)))[0].id == first
    other, is_duplicate = await harness.intake.add_file(LOCAL, harness.received(b"Bolt B takes 40 Nm."))
    assert (other.id == first, is_duplicate) == (False, False)
    assert incoming(harness) == []


Send = Callable[[IngestionHarness, Path], Awaitable[tuple[DocumentRecord, bool]]]


async def upload(harness: IngestionHarness, _: Path) -> tuple[DocumentRecord, bool]:
    return await harness.intake.add_file(LOCAL, harness.received(BOLTS, "again.txt"))


async def send_text(harness: IngestionHarness, _: Path) -> tuple[DocumentRecord, bool]:
    return await harness.intake.add_text(LOCAL, BOLTS.decode())


async def import_path(harness: IngestionHarness, folder: Path) -> tuple[DocumentRecord, bool]:
    (folder / "imports").mkdir(exist_ok=True)
    (folder / "imports" / "again.txt").write_bytes(BOLTS)
    return await harness.intake.add_path(LOCAL, str(folder / "imports" / "again.txt"))


@pytest.mark.parametrize("send", [upload, send_text, import_path])
async def test_a_failed_document_starts_again_when_its_file_arrives_again(
    harness: IngestionHarness, tmp_path: Path, send: Send
) -> None:
    harness.small.failure = DocumentUnreadable(ErrorCode.NO_TEXT, "The file contains no text.")
    document, _ = await harness.intake.add_file(LOCAL, harness.received(BOLTS))
    await harness.until(document, FAILED)
    harness.small.failure = None
    again, is_duplicate = await send(harness, tmp_path)
    assert (again.id, again.name, again.status, is_duplicate) == (
        document.id,
        document.name,
        DocumentStatus.PENDING,
        True,
    )
    assert again.error is None
    await harness.until(document, READY)
    assert incoming(harness) == []


async def test_a_canceled_document_starts_again_when_its_file_arrives_again(harness: IngestionHarness) -> None:
    harness.small.gate.close()
    document, _ = await harness.intake.add_file(LOCAL, harness.received(BOLTS))
    await harness.ingestion.cancel_ingestion(LOCAL, document.id)
    harness.small.gate.open()
    again, is_duplicate = await harness.intake.add_file(LOCAL, harness.received(BOLTS))
    assert (again.id, is_duplicate) == (document.id, True)
    await harness.until(document, READY)


async def test_several_arrivals_of_a_failed_document_start_it_once(harness: IngestionHarness) -> None:
    harness.small.failure = DocumentUnreadable(ErrorCode.NO_TEXT, "The file contains no text.")
    document, _ = await harness.intake.add_file(LOCAL, harness.received(BOLTS))
    await harness.until(document, FAILED)
    harness.small.failure = None
    files = [harness.received(BOLTS) for _ in range(8)]
    results = await asyncio.gather(*(harness.intake.add_file(LOCAL, file) for file in files))
    assert {found.id for found, _ in results} == {document.id}
    await harness.check_usable(document)


async def test_a_ready_document_is_unchanged_when_its_file_arrives_again(harness: IngestionHarness) -> None:
    document, _ = await harness.intake.add_file(LOCAL, harness.received(BOLTS))
    ready = await harness.until(document, READY)
    again, is_duplicate = await harness.intake.add_file(LOCAL, harness.received(BOLTS, "other.txt"))
    assert (again, is_duplicate) == (ready, True)


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("fees\u202efdp.txt", "feesfdp.txt"),
        ("a\u2066b\u2069\x07.txt", "ab.txt"),
        ("../../etc/fees.txt", "fees.txt"),
        ("C:\\letters\\fees.txt", "fees.txt"),
    ],
)
async def test_names_of_files_are_cleaned(harness: IngestionHarness, filename: str, name: str) -> None:
    document, _ = await harness.intake.add_file(LOCAL, harness.received(BOLTS, filename))
    assert document.name == name


async def test_the_name_of_a_text_has_no_slashes_and_marks_of_direction(harness: IngestionHarness) -> None:
    document, _ = await harness.intake.add_text(LOCAL, "Fees 2031/32\u202e, \\north\x85\nBoats pay.")
    assert document.name == "Fees 2031-32, -north"


@pytest.mark.parametrize(
    ("content", "refusal"), [(b"", InvalidInput), (b"\x7fELF\x02\x01\x01" + bytes(100), Unsupported)]
)
async def test_a_refused_file_is_removed(
    harness: IngestionHarness, content: bytes, refusal: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(refusal):
        await harness.intake.add_file(LOCAL, harness.received(content, "program.bin"))
    assert incoming(harness) == []
    assert originals(tmp_path) == []


async def test_a_file_below_an_import_root_is_copied(harness: IngestionHarness, tmp_path: Path) -> None:
    source = tmp_path / "imports" / "bolts.txt"
    source.parent.mkdir()
    source.write_bytes(BOLTS)
    document, _ = await harness.intake.add_path(LOCAL, str(source), tags=["steel"])
    assert (document.name, document.tags, document.source_uri) == ("bolts.txt", ("steel",), str(source))
    assert source.read_bytes() == BOLTS
    assert incoming(harness) == []


async def test_a_path_outside_of_the_import_roots_is_refused(harness: IngestionHarness, tmp_path: Path) -> None:
    (tmp_path / "imports").mkdir()
    (tmp_path / "secret.txt").write_bytes(BOLTS)
    (tmp_path / "imports" / "link.txt").symlink_to(tmp_path / "secret.txt")
    for path in ("secret.txt", "imports/../secret.txt", "imports/link.txt", "imports", "imports/missing.txt"):
        with pytest.raises(InvalidInput):
            await harness.intake.add_path(LOCAL, str(tmp_path / path))


async def test_a_file_beyond_the_limit_is_refused_and_leaves_nothing(harness: IngestionHarness, tmp_path: Path) -> None:
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports" / "large.txt").write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(TooLarge) as refusal:
        await harness.intake.add_path(LOCAL, str(tmp_path / "imports" / "large.txt"))
    assert refusal.value.field == "source.path"
    with pytest.raises(TooLarge) as refusal:
        await harness.intake.add_text(LOCAL, "x" * (MAX_BYTES + 1))
    assert refusal.value.field == "source.text"
    assert incoming(harness) == []


async def test_an_original_that_is_not_kept_is_removed_once_the_document_is_ready(
    database: Database, tmp_path: Path
) -> None:
    async with open_harness(database, tmp_path, keep_originals=False) as harness:
        document, _ = await harness.intake.add_file(LOCAL, harness.received(BOLTS))
        await harness.until(document, READY)
        await harness.until_idle()
        assert originals(tmp_path) == []
        assert not (await harness.stores.documents.get(LOCAL, document.id)).has_original
        again, is_duplicate = await harness.intake.add_file(LOCAL, harness.received(BOLTS))
        assert (again.id, is_duplicate) == (document.id, True)
        assert originals(tmp_path) == [], "the second upload is not kept either"
        assert not (await harness.stores.documents.get(LOCAL, document.id)).has_original
        with pytest.raises(Conflict, match="Delete the document and upload the file again"):
            await harness.ingestion.reprocess_document(LOCAL, document.id, None)


async def test_an_original_is_kept_until_its_document_is_ready(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path, keep_originals=False) as harness:
        harness.small.failure = InvalidInput("The parser rejects this file.")
        document, _ = await harness.intake.add_file(LOCAL, harness.received(BOLTS))
        await harness.until(document, FAILED)
        harness.small.failure = None
        await harness.intake.add_file(LOCAL, harness.received(BOLTS))
        await harness.until(document, READY)
        await harness.until_idle()
        assert originals(tmp_path) == []


@pytest.mark.parametrize("keep", [True, False])
async def test_the_start_removes_originals_that_must_not_be_kept(
    database: Database, tmp_path: Path, keep: bool
) -> None:
    """Such originals exist if the setting changed, or if the server ended between a document's READY and the removal."""
    async with open_harness(database, tmp_path, keep_originals=True) as harness:
        ready, _ = await harness.intake.add_file(LOCAL, harness.received(BOLTS))
        await harness.until(ready, READY)
        harness.small.failure = InvalidInput("The parser rejects this file.")
        failed, _ = await harness.intake.add_file(LOCAL, harness.received(b"Bolt B takes 40 Nm."))
        await harness.until(failed, FAILED)
    freed = await Originals(database, tmp_path / "originals", tmp_path / "incoming", keep=keep).sweep()
    assert freed == (0 if keep else len(BOLTS))
    assert (await harness.stores.documents.get(LOCAL, ready.id)).has_original is keep
    assert (await harness.stores.documents.get(LOCAL, failed.id)).has_original
