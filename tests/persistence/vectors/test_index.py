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
from tests.persistence.vectors.library import DIMENSIONS, Library
from tests.support.supervisor import open_test_supervisor
from tests.workers.kill_worker import assert_survives_kill
from workers import Worker, WorkerCrashed, WorkerSpec

DOCUMENTS = 6


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "chroma"


def spec(library: Library, directory: Path, *, exact_limit: int = 200_000, pause: float = 0.0) -> WorkerSpec:
    made = vector_worker(library.path, directory, "test model", DIMENSIONS)
    start = Start(str(library.path), str(directory), "test model", DIMENSIONS, exact_limit, pause)
    return replace(made, start=start)


@asynccontextmanager
async def opened(library: Library, directory: Path, **more: float) -> AsyncIterator[tuple[ChromaIndex, Compared]]:
    """The index, when its first comparison has ended."""
    async with (
        open_test_supervisor() as supervisor,
        open_vector_index(supervisor, spec(library, directory, **more), library) as index,  # type: ignore[arg-type]
    ):
        yield index, await index.next_comparison()


async def ids(
    index: ChromaIndex, library: Library, document_ids: list[int] | None, limit: int = 10
) -> tuple[list[int], list[int]]:
    """What the index finds for a random vector, and what brute force does."""
    query = library.vector()
    scope = None if document_ids is None else [DocumentId(document_id) for document_id in document_ids]
    found = await index.search(query.tobytes(), limit, scope)
    return [int(hit.chunk_id) for hit in found], library.nearest(query, limit, document_ids)


def chroma_ids(directory: Path) -> set[int]:
    """What Chroma's own database holds, read without Chroma; for after its process has ended."""
    with sqlite3.connect(f"file:{directory}/chroma.sqlite3?mode=ro", uri=True) as database:
        return {int(row[0]) for row in database.execute("SELECT embedding_id FROM embeddings")}


async def test_search_is_exact_with_and_without_a_filter(library: Library, directory: Path) -> None:
    for document_id in range(DOCUMENTS):
        library.add(document_id, 50)
    async with opened(library, directory) as (index, _):
        for document_ids in (None, [1], [0, 2, 4], [5, 77], list(range(DOCUMENTS))):
            found, expected = await ids(index, library, document_ids)
            assert found == expected
        assert await index.search(library.vector().tobytes(), 10, []) == ()
        assert await index.count() == 50 * DOCUMENTS
        assert await index.count(DocumentId(3)) == 50


async def test_the_outbox_brings_what_is_new_and_takes_what_is_gone(library: Library, directory: Path) -> None:
    async with opened(library, directory) as (index, _):
        assert await index.drain() == 0
        library.add(1, 250)
        library.add(2, 30)
        assert await index.drain() == 280
        assert await index.count() == 280
        library.erase(1)
        assert await index.drain() == 250
        assert await index.count(DocumentId(1)) == 0
        found, expected = await ids(index, library, None, limit=100)
        assert found == expected
        assert len(found) == 30
        assert await library.read(1) == []
    assert chroma_ids(directory) == library.embedded()


@pytest.mark.parametrize("exact_limit", [200_000, 10])
async def test_a_document_that_is_being_deleted_is_never_found_even_before_the_outbox_is_applied(
    library: Library, directory: Path, exact_limit: int
) -> None:
    library.add(1, 300)
    library.add(2, 20)
    async with opened(library, directory, exact_limit=exact_limit) as (index, _):
        library.hide(1)
        found, expected = await ids(index, library, None)
        assert found == expected
        library.erase(1)
        found, expected = await ids(index, library, None)
        assert found == expected


async def test_the_broad_way_through_chroma_finds_what_exact_search_finds(library: Library, directory: Path) -> None:
    for document_id in range(DOCUMENTS):
        library.add(document_id, 200)
    async with opened(library, directory, exact_limit=100) as (index, compared):
        assert compared.added == 200 * DOCUMENTS
        for document_ids in (None, [0, 1, 2, 3]):
            hits = wanted = 0
            for _ in range(20):
                found, expected = await ids(index, library, document_ids, limit=50)
                hits += len(set(found) & set(expected))
                wanted += len(expected)
                assert len(found) == 50
            assert hits / wanted > 0.99


async def test_a_second_start_finds_nothing_to_mend(library: Library, directory: Path) -> None:
    library.add(1, 120)
    async with opened(library, directory) as (_, first):
        assert (first.added, first.removed) == (120, 0)
    async with opened(library, directory) as (_, second):
        assert second == Compared(0, 0)


async def test_what_the_outbox_never_told_is_mended_at_the_start(library: Library, directory: Path) -> None:
    library.add(1, 120)
    library.add(2, 120)
    async with opened(library, directory):
        pass
    library.erase(1, queue=False)
    library.add(3, 130, queue=False)
    async with opened(library, directory) as (index, compared):
        assert (compared.added, compared.removed) == (130, 120)
        found, expected = await ids(index, library, None)
        assert found == expected
    assert chroma_ids(directory) == library.embedded()


async def test_a_deleted_directory_is_filled_again(library: Library, directory: Path) -> None:
    library.add(1, 250)
    async with opened(library, directory):
        pass
    shutil.rmtree(directory)
    async with opened(library, directory) as (_, compared):
        assert compared == Compared(250, 0)
    assert chroma_ids(directory) == library.embedded()


async def test_a_directory_that_is_deleted_under_the_worker_costs_no_search(library: Library, directory: Path) -> None:
    library.add(1, 250)
    async with opened(library, directory, exact_limit=10) as (index, _):
        await index.drain()
        shutil.rmtree(directory)
        library.add(2, 20)
        assert await index.drain() == 20
        found, expected = await ids(index, library, [1, 2])
        assert found == expected
        index.worker.restart()
        assert (await index.next_comparison()).added == 270
        found, expected = await ids(index, library, None, limit=5)
        assert found == expected


def spoil_database(directory: Path) -> None:
    (directory / "chroma.sqlite3").write_bytes(os.urandom(100_000))


def lose_index(directory: Path) -> None:
    for folder in directory.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)


def spoil_index(directory: Path) -> None:
    for file in directory.rglob("*.bin"):
        file.write_bytes(os.urandom(file.stat().st_size))


@pytest.mark.parametrize("spoil", [spoil_database, lose_index, spoil_index])
async def test_a_corrupt_directory_is_moved_aside_and_filled_again(
    library: Library, directory: Path, spoil: Callable[[Path], None]
) -> None:
    library.add(1, 1500)
    async with opened(library, directory):
        pass
    spoil(directory)
    async with opened(library, directory, exact_limit=10) as (index, compared):
        assert compared.moved_aside is not None
        assert Path(compared.moved_aside).is_dir()
        assert compared.added == 1500
        found, expected = await ids(index, library, None)
        assert found == expected
    assert chroma_ids(directory) == library.embedded()


async def test_a_directory_that_cannot_be_made_leaves_search_exact(library: Library, tmp_path: Path) -> None:
    library.add(1, 50)
    (tmp_path / "file").write_text("in the way")
    async with opened(library, tmp_path / "file" / "chroma", exact_limit=10) as (index, compared):
        assert compared.failure is not None
        found, expected = await ids(index, library, None)
        assert found == expected


async def test_searches_are_answered_while_the_directory_is_filled(library: Library, directory: Path) -> None:
    library.add(1, 2000)
    async with (
        open_test_supervisor() as supervisor,
        open_vector_index(supervisor, spec(library, directory, exact_limit=10, pause=0.01), library) as index,
    ):
        filled = asyncio.ensure_future(index.next_comparison())
        searches = 0
        while not filled.done():
            found, expected = await ids(index, library, None)
            assert found == expected
            searches += 1
        assert filled.result().added == 2000
        assert searches > 5


async def test_a_worker_killed_while_it_applies_the_outbox_agrees_after_its_restart(
    library: Library, directory: Path
) -> None:
    library.add(1, 100)
    async with opened(library, directory) as (index, _):
        await index.drain()
        library.erase(1)
        library.add(2, 3000)
        async with asyncio.TaskGroup() as group:
            draining = group.create_task(crash_of(index))
            while len(await library.read(4000)) > 2500:
                await asyncio.sleep(0.001)
            assert index.worker.pid is not None
            os.kill(index.worker.pid, signal.SIGKILL)
        assert draining.result().reason == "was ended by SIGKILL"
        await index.next_comparison()
        await index.drain()
        assert await library.read(1) == []
        assert await index.count() == 3000
        found, expected = await ids(index, library, None)
        assert found == expected
    assert chroma_ids(directory) == library.embedded()


def test_it_is_what_the_engines_ask_for() -> None:
    def taken(index: ChromaIndex) -> VectorIndex:
        return index  # held by the type checker

    assert callable(taken)


async def crash_of(index: ChromaIndex) -> WorkerCrashed:
    with pytest.raises(WorkerCrashed) as caught:
        await index.drain()
    return caught.value


async def test_it_survives_a_kill_in_the_middle_of_searches(library: Library, directory: Path) -> None:
    library.add(1, 500)
    query = library.vector()

    async def search_on(worker: Worker) -> None:
        while True:
            await search(worker)

    async def search(worker: Worker) -> None:
        found = await worker.call(Search(query.tobytes(), 10, None), Found)
        assert found.chunk_ids == library.nearest(query, 10, None)

    await assert_survives_kill(spec(library, directory), busy=search_on, works=search)
