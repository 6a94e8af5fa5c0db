"""Storage totals equal a full count after any sequence of changes, rolled-back ones included."""

import hashlib
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persistence.database.database import Database, open_database
from persistence.database.sqlite import execute, fetch_value
from persistence.originals import Originals
from persistence.running_totals import RunningTotals
from records.document import DocumentStatus, ReceivedFile
from records.filters import DocumentFilter, SessionFilter
from records.ids import DocumentId, SessionId
from records.system import StorageCounts
from tests.access import LOCAL
from tests.persistence.stores import Stores

OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from([
            "ingest", "embed", "finish", "restart", "mark", "erase", "session", "exchange", "delete exchange",
            "delete session", "rolled back", "adopt", "remove", "sweep",
        ]),
        st.integers(0, 3),
    ),
    min_size=8,
    max_size=30,
)  # fmt: skip


async def full_count(database: Database, folder: Path) -> dict[str, int]:
    async with database.reading() as reader:
        counts = {
            name: int(await fetch_value(reader, sql))
            for name, sql in {
                "documents": "SELECT count(*) FROM documents WHERE status <> 'DELETING'",
                "chunks": "SELECT coalesce(sum(chunk_count), 0) FROM documents WHERE status <> 'DELETING'",
                "embedded_chunks": "SELECT coalesce(sum(embedded_chunks), 0) FROM documents WHERE status <> 'DELETING'",
                "sessions": "SELECT count(*) FROM sessions",
                "messages": "SELECT count(*) FROM messages",
            }.items()
        }
    return {**counts, "originals_bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())}


def without_database_bytes(counts: StorageCounts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in StorageCounts.__slots__ if name != "database_bytes"}


class Changes:
    """Random changes of the stores. Each takes a number that selects the record."""

    def __init__(self, database: Database, originals: Originals, incoming: Path) -> None:
        self.database = database
        self.stores = Stores(database)
        self.originals = originals
        self.incoming = incoming

    async def apply(self, operation: str, number: int) -> None:
        if operation in ("session", "exchange", "delete exchange", "delete session"):
            await self.change_session(operation, number)
        elif operation in ("adopt", "remove", "sweep"):
            await self.change_original(operation, number)
        else:
            await self.change_document(operation, number)

    async def change_document(self, operation: str, number: int) -> None:
        documents = self.stores.documents
        async with self.database.reading() as reader:
            found = await fetch_value(reader, "SELECT id FROM documents ORDER BY id LIMIT 1 OFFSET ?", [number])
        document_id = DocumentId(found or 0)
        if operation == "ingest":
            await self.stores.ingest(
                *["text"] * number, name=f"{await documents.count(LOCAL, DocumentFilter())}-{number}"
            )
        elif operation == "rolled back":
            with suppress(ZeroDivisionError):
                async with self.database.writing() as transaction:
                    await execute(transaction, "UPDATE documents SET chunk_count = 99, status = 'READY'")
                    await execute(transaction, "DELETE FROM sessions")
                    raise ZeroDivisionError
        elif found is None:
            return
        elif operation == "embed":
            await self.stores.embed(document_id, number + 1)
        elif operation == "finish":
            await self.stores.ingested.set_status(document_id, DocumentStatus.READY)
        elif operation == "mark":
            await documents.mark_deleting(LOCAL, document_id)
        elif operation == "erase":
            await self.stores.ingested.erase(document_id)
        elif (await documents.get(LOCAL, document_id)).status is not DocumentStatus.DELETING:
            await self.stores.ingested.restart(document_id)

    async def change_session(self, operation: str, number: int) -> None:
        sessions, messages = self.stores.sessions, self.stores.messages
        async with self.database.reading() as reader:
            found = await fetch_value(reader, "SELECT id FROM sessions ORDER BY id LIMIT 1 OFFSET ?", [number])
        session_id = SessionId(found or 0)
        if operation == "session":
            await self.stores.session()
        elif found is None:
            return
        elif operation == "exchange":
            await self.stores.exchange(session_id, "q", "a")
        elif operation == "delete session":
            await sessions.delete(LOCAL, session_id)
        elif head_id := (await sessions.get(LOCAL, session_id)).head_id:
            await messages.delete_exchange(LOCAL, head_id)

    async def change_original(self, operation: str, number: int) -> None:
        content = b"x" * (number + 1)
        sha256 = hashlib.sha256(content).hexdigest()
        if operation == "adopt":
            path = self.incoming / "x.part"
            path.write_bytes(content)
            await self.originals.adopt(ReceivedFile(path, "x", len(content), sha256))
        elif operation == "remove":
            await self.originals.remove(sha256)
        else:
            await self.originals.sweep()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OPERATIONS)
async def test_totals_equal_a_full_count_after_random_changes(
    template: Path, operations: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(template, folder / "x.db")
        async with open_database(folder / "x.db") as database:
            originals = Originals(database, folder / "originals", folder / "incoming")
            await originals.sweep()
            totals = RunningTotals(database, originals)
            changes = Changes(database, originals, folder / "incoming")
            for operation in operations:
                await changes.apply(*operation)
                expected = await full_count(database, folder / "originals")
                assert without_database_bytes(await totals.read()) == expected
            await totals.recount()
            assert without_database_bytes(await totals.read()) == expected


async def test_a_recount_corrects_wrong_totals(stores: Stores, tmp_path: Path) -> None:
    document = await stores.ingest("one", "two", "three")
    await stores.embed(document.id, 2)
    await stores.exchange((await stores.session()).id, "What?", "That.")
    async with stores.database.writing() as transaction:
        await execute(transaction, "UPDATE storage_totals SET documents = 7, messages = -1")
    totals = RunningTotals(stores.database, Originals(stores.database, tmp_path / "originals", tmp_path / "incoming"))
    await totals.recount()
    counts = await totals.read()
    assert (counts.documents, counts.chunks, counts.embedded_chunks) == (1, 3, 2)
    assert (counts.sessions, counts.messages) == (1, 2)
    assert await stores.sessions.count(LOCAL, SessionFilter()) == counts.sessions
    assert counts.database_bytes > 4096


async def test_a_reading_counts_neither_records_nor_files(stores: Stores, tmp_path: Path) -> None:
    """Wrong totals are returned as they are stored, and an uncounted file does not change the bytes of the originals."""
    originals = Originals(stores.database, tmp_path / "originals", tmp_path / "incoming")
    await originals.sweep()
    await stores.ingest("one", "two", "three")
    async with stores.database.writing() as transaction:
        await execute(transaction, "UPDATE storage_totals SET documents = 7, chunks = 8, embedded_chunks = 9")
        await execute(transaction, "UPDATE storage_totals SET sessions = 10, messages = 11")
    (tmp_path / "originals" / "uncounted").write_bytes(b"x" * 100)
    counts = await RunningTotals(stores.database, originals).read()
    assert (counts.documents, counts.chunks, counts.embedded_chunks) == (7, 8, 9)
    assert (counts.sessions, counts.messages, counts.originals_bytes) == (10, 11, 0)
