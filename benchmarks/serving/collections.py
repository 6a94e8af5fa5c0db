"""A5 to A7: the cost of collections. Scopes, searches and lists with 500 users, 200 collections and 100,000 documents."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any, cast

from benchmarks.figures import Figure, at_most
from persistence.access.scope_filter import collections_of
from persistence.database.database import Database, open_database
from persistence.database.json_columns import now, stamp
from persistence.database.sqlite import execute, execute_many, fetch
from persistence.documents.chunks import Chunks
from persistence.documents.documents import Documents
from persistence.search.keywords import Keywords
from records.access import AccessScope, AnyScope, Role
from records.filters import DocumentFilter, Order
from records.ids import DocumentId, UserId
from records.page import PageRequest
from records.retrieval import RetrievalQuery, SearchMode
from services.retrieval.retriever import Retriever
from tests.fakes.embedding import FakeEmbedder
from tests.fakes.ingestion import EmptyVectorIndex
from tests.fakes.reranking import FakeReranker

USERS, COLLECTIONS, GROUPS, DOCUMENTS = 500, 200, 50, 100_000
WORDS = (
    "torque",
    "bolt",
    "valve",
    "pump",
    "gasket",
    "bearing",
    "flange",
    "washer",
    "piston",
    "spring",
    "hinge",
    "rotor",
)
OWNER = AccessScope(UserId(1), Role.SUPERADMIN)
EVERYWHERE = AccessScope(UserId(2), Role.USER)
"""A user with access to all collections, by a group."""
SOMEWHERE = AccessScope(UserId(3), Role.USER)
"""A user with access to a tenth of the collections."""
QUERIES = ("torque bolt", "valve pump gasket", "rotor", "piston spring hinge washer")


async def measure(folder: Path, quick: bool) -> list[Figure]:
    documents = DOCUMENTS // (20 if quick else 1)
    async with open_database(folder / "private.db") as private, open_database(folder / "shared.db") as shared:
        for database in (private, shared):
            await _add_documents(database, documents)
        await _share(shared, documents)
        rounds = 40 if quick else 200
        return [
            await _scope(shared, 5 * rounds),
            await _search(private, shared, rounds // 4),
            await _lists(private, shared, rounds // 4),
        ]


async def _add_documents(database: Database, documents: int) -> None:
    """Add documents of one chunk each, which the first user owns."""
    moment = stamp(now())
    times = [stamp(now() + timedelta(seconds=number)) for number in range(documents)]
    names = [
        (number, f"document {number}", f"document {number}", times[number - 1]) for number in range(1, documents + 1)
    ]
    async with database.writing() as transaction:
        await execute_many(
            transaction,
            f"""INSERT INTO documents (id, name, name_key, owner_id, is_shared, media_type, byte_size, sha256, source,
                status, progress, chunk_count, embedded_chunks, chunking, has_original, parser_version, created_at,
                updated_at)
            VALUES (?, ?, ?, 1, 0, 'text/plain', 100, hex(randomblob(32)), 'UPLOAD', 'READY', 1, 1, 1, '{{}}', 0, 1,
                ?, '{moment}')""",
            names,
        )
        rows = [(number, _text(number)) for number in range(1, documents + 1)]
        await execute_many(
            transaction,
            """INSERT INTO chunks (document_id, position, text, context, headings, start_offset, end_offset, token_count)
            VALUES (?, 0, ?, '', '[]', 0, 100, 20)""",
            rows,
        )


def _text(number: int) -> str:
    """Return a text of twelve words, of which each occurs in about a third of the documents."""
    chosen = [word for index, word in enumerate(WORDS) if (number * 7919 >> index) % 3 == 0]
    return " ".join([*chosen, *(f"filler{number * index % 997}" for index in range(1, 13 - len(chosen)))])


async def _share(database: Database, documents: int) -> None:
    """Add users, groups and collections, and let collections own all documents."""
    moment = stamp(now())
    named = [(each, f"Collection {each}", f"collection {each}", moment, moment) for each in range(1, COLLECTIONS + 1)]
    async with database.writing() as transaction:
        await execute_many(
            transaction,
            "INSERT INTO users (id, name, role, active, is_erased, created_at) VALUES (?, ?, 'USER', 1, 0, ?)",
            [(number, f"Person {number}", moment) for number in range(2, USERS + 1)],
        )
        groups = [(number, f"Group {number}", f"group {number}", moment) for number in range(1, GROUPS + 1)]
        await execute_many(
            transaction, "INSERT INTO groups (id, name, name_key, created_at) VALUES (?, ?, ?, ?)", groups
        )
        members = [(1 + number % GROUPS, number) for number in range(2, USERS + 1)]
        await execute_many(transaction, "INSERT INTO group_members (group_id, user_id) VALUES (?, ?)", members)
        await execute_many(
            transaction,
            """INSERT INTO collections (id, name, name_key, settings, hides_system_prompt, locked, created_at, updated_at)
            VALUES (?, ?, ?, '{}', 0, '[]', ?, ?)""",
            named,
        )
        await execute_many(transaction, _GRANT, _grants(moment))
        placed = [(1 + number % COLLECTIONS, number) for number in range(1, documents + 1)]
        await execute_many(
            transaction, "INSERT INTO collection_documents (collection_id, document_id) VALUES (?, ?)", placed
        )
        await execute(
            transaction, f"UPDATE documents SET owner_id = NULL, owning_collection_id = 1 + id % {COLLECTIONS}"
        )


_GRANT = """
    INSERT INTO collection_grants (collection_id, user_id, group_id, rank, granted_at) VALUES (?, ?, ?, 1, ?)
"""


def _grants(moment: str) -> list[tuple[Any, ...]]:
    """Return the grants: all collections to the group of EVERYWHERE, a tenth to SOMEWHERE, and 20 to each other group."""
    everywhere = 1 + EVERYWHERE.user_id % GROUPS
    grants: list[tuple[Any, ...]] = [(each, None, everywhere, moment) for each in range(1, COLLECTIONS + 1)]
    grants += [(each, SOMEWHERE.user_id, None, moment) for each in range(1, COLLECTIONS + 1, 10)]
    for group in range(1, GROUPS + 1):
        if group not in (everywhere, 1 + SOMEWHERE.user_id % GROUPS):
            grants += [(1 + (group * 7 + step) % COLLECTIONS, None, group, moment) for step in range(20)]
    return grants


async def _scope(database: Database, rounds: int) -> Figure:
    """Read the collections of users, as every statement does, and read documents by their ids in three scopes."""
    visible = collections_of(EVERYWHERE)
    async with database.reading() as reader:
        seconds = [await _seconds(partial(fetch, reader, visible.sql, visible.values)) for _ in range(rounds)]
    documents, by_id = Documents(database), {}
    ids = [DocumentId(each) for each in range(1, 101)]
    for name, scope in (("owner", OWNER), ("all collections", EVERYWHERE), ("a tenth", SOMEWHERE)):
        times = [await _seconds(partial(documents.find_many, scope, ids)) for _ in range(rounds // 10)]
        by_id[name] = 1000 * median(times)
    p95 = 1000 * quantiles(seconds, n=20)[18]
    return at_most(
        "A5", "access of a user to 200 collections, p95", p95, 1, " ms", milliseconds_for_100_documents=by_id
    )


async def _search(private: Database, shared: Database, rounds: int) -> Figure:
    """Search by keywords in turns: without accounts, and as users who see all documents and a tenth of them."""
    cases: Sequence[tuple[str, Database, AccessScope]] = (
        ("without accounts", private, OWNER),
        ("administrator", shared, OWNER),
        ("all collections", shared, EVERYWHERE),
        ("a tenth", shared, SOMEWHERE),
    )
    seconds: dict[str, list[float]] = {name: [] for name, _, _ in cases}
    retrievers = {name: _retriever(database) for name, database, _ in cases}
    for number in range(rounds):
        query = RetrievalQuery(QUERIES[number % len(QUERIES)], SearchMode.KEYWORD)
        for name, _, scope in cases:
            seconds[name].append(await _seconds(partial(retrievers[name].retrieve, scope, query)))
    times = {name: 1000 * median(each) for name, each in seconds.items()}
    ratio = max(times["administrator"], times["all collections"]) / times["without accounts"]
    return at_most("A6", "keyword search with collections ÷ without accounts", ratio, 1.1, milliseconds=times)


def _retriever(database: Database) -> Retriever:
    vectors, reranker = cast(Any, EmptyVectorIndex()), cast(Any, FakeReranker())
    return Retriever(Documents(database), Chunks(database), Keywords(database), vectors, FakeEmbedder(), reranker)


async def _lists(private: Database, shared: Database, rounds: int) -> Figure:
    """Read the first page of documents in turns."""
    cases: Sequence[tuple[str, Database, AnyScope]] = (
        ("without accounts", private, OWNER),
        ("all collections", shared, EVERYWHERE),
        ("a tenth", shared, SOMEWHERE),
    )
    seconds: dict[str, list[float]] = {name: [] for name, _, _ in cases}
    for _ in range(rounds):
        for name, database, scope in cases:
            page = partial(Documents(database).page, scope, DocumentFilter(), Order("CREATED_AT"), PageRequest())
            seconds[name].append(await _seconds(page))
    times = {name: 1000 * median(each) for name, each in seconds.items()}
    ratio = times["all collections"] / times["without accounts"]
    return at_most("A7", "first page of documents with collections ÷ without accounts", ratio, 2, milliseconds=times)


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    began = perf_counter()
    await work()
    return perf_counter() - began
