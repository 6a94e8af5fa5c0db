"""The vectors worker in its own process, with the real Chroma, against a small database."""

import asyncio
import os
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from persistence.vectors import ChromaIndex, open_vector_index, vector_worker
from persistence.vectors.protocol import Compared, Found, Search, Start
from records.ids import DocumentId
from services.interfaces.vector_index import VectorIndex
from tests.persistence.vectors.source_database import DIMENSIONS, SourceDatabase
from tests.support.supervisor import open_test_supervisor
from tests.workers.kill_worker import assert_survives_kill
from workers import Worker, WorkerCrashed, WorkerSpec

DOCUMENTS = 6


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "chroma"


def spec(source: SourceDatabase, directory: Path, *, exact_limit: int = 200_000, pause: float = 0.0) -> WorkerSpec:
    made = vector_worker(source.path, directory, "test model", DIMENSIONS)
    start = Start(str(source.path), str(directory), "test model", DIMENSIONS, exact_limit, pause)
    return replace(made, start=start)


@asynccontextmanager
async def opened(source: SourceDatabase, directory: Path, **more: float) -> AsyncIterator[tuple[ChromaIndex, Compared]]:
    """Open the index and wait for its first comparison."""
    async with (
        open_test_supervisor() as supervisor,
        open_vector_index(supervisor, spec(source, directory, **more), source) as index,  # type: ignore[arg-type]
    ):
        yield index, await index.next_comparison()


async def ids(
    index: ChromaIndex, source: SourceDatabase, document_ids: list[int] | None, limit: int = 10
) -> tuple[list[int], list[int]]:
    """Return the hits of the index and those of brute force for a random vector."""
    query = source.vector()
    scope = None if document_ids is None else [DocumentId(document_id) for document_id in document_ids]
    found = await index.search(query.tobytes(), limit, scope)
    return [int(hit.chunk_id) for hit in found], source.nearest(query, limit, document_ids)


def chroma_ids(directory: Path) -> set[int]:
    """Return the ids in Chroma's database, read without Chroma. Call it after the process has ended."""
    with sqlite3.connect(f"file:{directory}/chroma.sqlite3?mode=ro", uri=True) as database:
        return {int(row[0]) for row in database.execute("SELECT embedding_id FROM embeddings")}


async def test_search_is_exact_with_and_without_a_filter(source: SourceDatabase, directory: Path) -> None:
    for document_id in range(DOCUMENTS):
        source.add(document_id, 50)
    async with opened(source, directory) as (index, _):
        for document_ids in (None, [1], [0, 2, 4], [5, 77], list(range(DOCUMENTS))):
            found, expected = await ids(index, source, document_ids)
            assert found == expected
        assert await index.search(source.vector().tobytes(), 10, []) == ()
        assert await index.count() == 50 * DOCUMENTS
        assert await index.count(DocumentId(3)) == 50


async def test_the_outbox_adds_new_vectors_and_removes_deleted_ones(source: SourceDatabase, directory: Path) -> None:
    async with opened(source, directory) as (index, _):
        assert await index.drain() == 0
        source.add(1, 250)
        source.add(2, 30)
        assert await index.drain() == 280
        assert await index.count() == 280
        source.erase(1)
        assert await index.drain() == 250
        assert await index.count(DocumentId(1)) == 0
        found, expected = await ids(index, source, None, limit=100)
        assert found == expected
        assert len(found) == 30
        assert await source.read(1) == []
    assert chroma_ids(directory) == source.embedded()


@pytest.mark.parametrize("exact_limit", [200_000, 10])
async def test_a_document_in_deleting_is_not_found_before_the_outbox_is_applied(
    source: SourceDatabase, directory: Path, exact_limit: int
) -> None:
    source.add(1, 300)
    source.add(2, 20)
    async with opened(source, directory, exact_limit=exact_limit) as (index, _):
        source.hide(1)
        found, expected = await ids(index, source, None)
        assert found == expected
        source.erase(1)
        found, expected = await ids(index, source, None)
        assert found == expected


async def test_a_search_with_chroma_returns_the_hits_of_exact_search(source: SourceDatabase, directory: Path) -> None:
    for document_id in range(DOCUMENTS):
        source.add(document_id, 200)
    async with opened(source, directory, exact_limit=100) as (index, compared):
        assert compared.added == 200 * DOCUMENTS
        for document_ids in (None, [0, 1, 2, 3]):
            hits = wanted = 0
            for _ in range(20):
                found, expected = await ids(index, source, document_ids, limit=50)
                hits += len(set(found) & set(expected))
                wanted += len(expected)
                assert len(found) == 50
            assert hits / wanted > 0.99


async def test_a_search_of_a_list_of_documents_is_exact_for_any_number_of_vectors(
    source: SourceDatabase, directory: Path
) -> None:
    for document_id in range(DOCUMENTS):
        source.add(document_id, 100)
    async with opened(source, directory, exact_limit=10) as (index, _):
        for document_ids in ([0], [1, 2, 3], list(range(DOCUMENTS))):
            found, expected = await ids(index, source, document_ids, limit=50)
            assert found == expected


async def test_a_second_start_finds_no_differences(source: SourceDatabase, directory: Path) -> None:
    source.add(1, 120)
    async with opened(source, directory) as (_, first):
        assert (first.added, first.removed) == (120, 0)
    async with opened(source, directory) as (_, second):
        assert second == Compared(0, 0)


async def test_changes_that_are_not_in_the_outbox_are_repaired_at_start(
    source: SourceDatabase, directory: Path
) -> None:
    source.add(1, 120)
    source.add(2, 120)
    async with opened(source, directory):
        pass
    source.erase(1, queue=False)
    source.add(3, 130, queue=False)
    async with opened(source, directory) as (index, compared):
        assert (compared.added, compared.removed) == (130, 120)
        found, expected = await ids(index, source, None)
        assert found == expected
    assert chroma_ids(directory) == source.embedded()


async def test_a_deleted_directory_is_filled_again(source: SourceDatabase, directory: Path) -> None:
    source.add(1, 250)
    async with opened(source, directory):
        pass
    shutil.rmtree(directory)
    async with opened(source, directory) as (_, compared):
        assert compared == Compared(250, 0)
    assert chroma_ids(directory) == source.embedded()


async def test_searches_succeed_if_the_directory_is_deleted(source: SourceDatabase, directory: Path) -> None:
    source.add(1, 250)
    async with opened(source, directory, exact_limit=10) as (index, _):
        await index.drain()
        shutil.rmtree(directory)
        source.add(2, 20)
        assert await index.drain() == 20
        found, expected = await ids(index, source, [1, 2])
        assert found == expected
        index.worker.restart()
        assert (await index.next_comparison()).added == 270
        found, expected = await ids(index, source, None, limit=5)
        assert found == expected


def corrupt_database(directory: Path) -> None:
    (directory / "chroma.sqlite3").write_bytes(os.urandom(100_000))


def delete_index(directory: Path) -> None:
    for folder in directory.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)


def corrupt_index(directory: Path) -> None:
    for file in directory.rglob("*.bin"):
        file.write_bytes(os.urandom(file.stat().st_size))


@pytest.mark.parametrize("corrupt", [corrupt_database, delete_index, corrupt_index])
async def test_a_corrupt_directory_is_renamed_and_filled_again(
    source: SourceDatabase, directory: Path, corrupt: Callable[[Path], None]
) -> None:
    source.add(1, 1500)
    async with opened(source, directory):
        pass
    corrupt(directory)
    async with opened(source, directory, exact_limit=10) as (index, compared):
        assert compared.moved_aside is not None
        assert Path(compared.moved_aside).is_dir()
        assert compared.added == 1500
        found, expected = await ids(index, source, None)
        assert found == expected
    assert chroma_ids(directory) == source.embedded()


async def test_search_is_exact_if_the_directory_cannot_be_created(source: SourceDatabase, tmp_path: Path) -> None:
    source.add(1, 50)
    (tmp_path / "file").write_text("in the way")
    async with opened(source, tmp_path / "file" / "chroma", exact_limit=10) as (index, compared):
        assert compared.failure is not None
        found, expected = await ids(index, source, None)
        assert found == expected


async def test_searches_are_answered_while_the_directory_is_filled(source: SourceDatabase, directory: Path) -> None:
    source.add(1, 2000)
    async with (
        open_test_supervisor() as supervisor,
        open_vector_index(supervisor, spec(source, directory, exact_limit=10, pause=0.01), source) as index,
    ):
        filled = asyncio.ensure_future(index.next_comparison())
        searches = 0
        while not filled.done():
            found, expected = await ids(index, source, None)
            assert found == expected
            searches += 1
        assert filled.result().added == 2000
        assert searches > 5


async def test_a_worker_killed_while_applying_the_outbox_is_consistent_after_its_restart(
    source: SourceDatabase, directory: Path
) -> None:
    source.add(1, 100)
    async with opened(source, directory) as (index, _):
        await index.drain()
        source.erase(1)
        source.add(2, 3000)
        async with asyncio.TaskGroup() as group:
            draining = group.create_task(crash_of(index))
            while len(await source.read(4000)) > 2500:
                await asyncio.sleep(0.001)
            assert index.worker.pid is not None
            os.kill(index.worker.pid, signal.SIGKILL)
        assert draining.result().reason == "was ended by SIGKILL"
        await index.next_comparison()
        await index.drain()
        assert await source.read(1) == []
        assert await index.count() == 3000
        found, expected = await ids(index, source, None)
        assert found == expected
    assert chroma_ids(directory) == source.embedded()


def test_the_index_implements_the_interface_of_the_services() -> None:
    def taken(index: ChromaIndex) -> VectorIndex:
        return index  # checked by mypy

    assert callable(taken)


async def crash_of(index: ChromaIndex) -> WorkerCrashed:
    with pytest.raises(WorkerCrashed) as caught:
        await index.drain()
    return caught.value


async def test_the_worker_restarts_after_a_kill_during_searches(source: SourceDatabase, directory: Path) -> None:
    source.add(1, 500)
    query = source.vector()

    async def search_on(worker: Worker) -> None:
        while True:
            await search(worker)

    async def search(worker: Worker) -> None:
        found = await worker.call(Search(query.tobytes(), 10, None), Found)
        assert found.chunk_ids == source.nearest(query, 10, None)

    await assert_survives_kill(spec(source, directory), busy=search_on, works=search)
