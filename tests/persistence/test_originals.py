import hashlib
from pathlib import Path

import pytest

from persistence.database.database import Database
from persistence.originals import Originals
from records.document import ReceivedFile
from services.interfaces import original_files
from tests.access import LOCAL
from tests.persistence.stores import Stores


@pytest.fixture
def originals(database: Database, tmp_path: Path) -> Originals:
    (tmp_path / "incoming").mkdir()
    originals = Originals(database, tmp_path / "originals", tmp_path / "incoming")
    _: original_files.Originals = originals
    return originals


def receive(tmp_path: Path, content: bytes, name: str = "x.part") -> ReceivedFile:
    path = tmp_path / "incoming" / name
    path.write_bytes(content)
    return ReceivedFile(path, "../../etc/passwd", len(content), hashlib.sha256(content).hexdigest())


async def test_a_received_file_is_stored_under_its_hash(originals: Originals, tmp_path: Path) -> None:
    file = receive(tmp_path, b"Bolt A")
    await originals.adopt(file)
    assert originals.path(file.sha256) == tmp_path / "originals" / file.sha256[:2] / file.sha256
    assert originals.path(file.sha256).read_bytes() == b"Bolt A"
    assert not file.path.exists()
    assert originals.byte_size == 6


async def test_equal_bytes_are_stored_once(originals: Originals, tmp_path: Path) -> None:
    await originals.adopt(receive(tmp_path, b"Bolt A"))
    again = receive(tmp_path, b"Bolt A")
    await originals.adopt(again)
    assert not again.path.exists()
    assert originals.byte_size == 6


async def test_a_file_can_be_discarded_twice(originals: Originals, tmp_path: Path) -> None:
    file = receive(tmp_path, b"Bolt A")
    await originals.discard(file)
    await originals.discard(file)
    assert not file.path.exists()


async def test_a_removal_returns_the_freed_bytes(originals: Originals, tmp_path: Path) -> None:
    file = receive(tmp_path, b"Bolt A")
    await originals.adopt(file)
    assert await originals.remove(file.sha256) == 6
    assert await originals.remove(file.sha256) == 0
    assert originals.byte_size == 0


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63 + "/"])
def test_only_a_hash_is_accepted_as_a_name(originals: Originals, name: str) -> None:
    with pytest.raises(AssertionError):
        originals.path(name)


async def test_documents_record_whether_their_original_exists(
    originals: Originals, stores: Stores, tmp_path: Path
) -> None:
    file = receive(tmp_path, b"Bolt A")
    await originals.adopt(file)
    document = await stores.add(sha256=file.sha256)
    assert document.has_original
    await originals.remove(file.sha256)
    assert not (await stores.documents.get(LOCAL, document.id)).has_original
    await originals.adopt(receive(tmp_path, b"Bolt A"))
    assert (await stores.documents.get(LOCAL, document.id)).has_original


async def test_a_sweep_keeps_referenced_originals_only(originals: Originals, stores: Stores, tmp_path: Path) -> None:
    kept, stray = receive(tmp_path, b"kept"), receive(tmp_path, b"stray", "y.part")
    await originals.adopt(kept)
    await originals.adopt(stray)
    receive(tmp_path, b"half arrived", "z.part")
    there = await stores.add("there", sha256=kept.sha256)
    lost = await stores.add("lost")
    assert await originals.sweep() == len(b"stray") + len(b"half arrived")
    assert originals.path(kept.sha256).exists()
    assert not originals.path(stray.sha256).exists()
    assert list((tmp_path / "incoming").iterdir()) == []
    assert (await stores.documents.get(LOCAL, there.id)).has_original
    assert not (await stores.documents.get(LOCAL, lost.id)).has_original


async def test_a_sweep_creates_the_folders(originals: Originals, tmp_path: Path) -> None:
    (tmp_path / "incoming").rmdir()
    assert await originals.sweep() == 0
    assert (tmp_path / "incoming").is_dir()
    assert (tmp_path / "originals").is_dir()
