"""Users who upload the same bytes share the original file, which stays while any of their documents needs it."""

from pathlib import Path

import pytest

from persistence.database.database import Database
from persistence.originals import Originals
from records.document import DocumentSource, DocumentStatus, NewDocument, ReceivedFile
from services.ingestion.document_stores import DocumentStores
from services.ingestion.original_retention import OriginalRetention
from tests.access import LOCAL, STRANGER, add_stranger
from tests.persistence.stores import Stores

SHA256 = "ab" * 32
NEW = NewDocument("bolts.txt", "text/plain", 4, SHA256, DocumentSource.UPLOAD)


def receive(folder: Path) -> ReceivedFile:
    path = folder / "received"
    path.write_bytes(b"Bolt")
    return ReceivedFile(path, "bolts.txt", 4, SHA256, "text/plain")


@pytest.mark.parametrize("keep", [True, False])
async def test_an_original_stays_until_no_document_of_any_user_needs_it(
    database: Database, tmp_path: Path, keep: bool
) -> None:
    stores = Stores(database)
    await add_stranger(database)
    originals = Originals(database, tmp_path / "originals", tmp_path / "incoming", keep=keep)
    retention = OriginalRetention(originals, DocumentStores(stores.documents, stores.ingested), keep=keep)
    first, _ = await retention.add(LOCAL, receive(tmp_path), NEW)
    second, is_duplicate = await retention.add(STRANGER, receive(tmp_path), NEW)
    assert not is_duplicate
    await retention.release(await stores.ingested.set_status(first.id, DocumentStatus.READY))
    assert originals.path(SHA256).exists(), "the second document is not parsed yet"
    await retention.release(await stores.ingested.set_status(second.id, DocumentStatus.READY))
    assert originals.path(SHA256).exists() is keep
    await stores.documents.mark_deleting(LOCAL, first.id)
    await retention.remove_unused(SHA256)
    assert originals.path(SHA256).exists() is keep
    await stores.documents.mark_deleting(STRANGER, second.id)
    await retention.remove_unused(SHA256)
    assert not originals.path(SHA256).exists()
