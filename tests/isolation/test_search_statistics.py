"""Searches of a user give the same hits, scores, ranks and trace whether or not other users have documents and sessions."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persistence.database.database import Database
from persistence.database.sqlite import fetch
from persistence.sessions.session_queries import list_sessions
from persistence.sessions.session_relevance import relevance_of_scope
from records.filters import Order, SessionFilter
from records.page import PageRequest
from records.retrieval import RetrievalQuery, SearchMode
from services.retrieval.retriever import Retriever
from tests.access import LOCAL, STRANGER, add_stranger
from tests.fakes.embedding import FakeEmbedder
from tests.fakes.ingestion import EmptyVectorIndex
from tests.fakes.reranking import FakeReranker
from tests.persistence.stores import Stores
from tests.support.databases import open_copy

OWN = (
    ("Bolt A takes a torque of 35 Nm.", "The bolt KX-3007 was fitted in 2019.", "Rivets need no torque wrench."),
    (
        "The pump KX-3008 needs oil.",
        "取扱説明書をお読みください",
        "ล้างหัวชงทุกวันด้วยน้ำร้อน",
        "C++ and .NET run at 10.0.0.1.",
    ),
)
FOREIGN = (
    (
        "The torque of every bolt: torque, torque, torque.",
        "torque " * 40,
        "KX-3007",
        "KX-3007 again",
        "KX-3007 and oil",
    ),
    ("この説明書は長い。説明書", "หัวชง", "C++ C++ .NET", "Rivets of the boiler", "bolt A takes a torque of 35 Nm"),
)
QUERIES = (
    "What torque does bolt A take?", "the pump", "part KX-3007", "kx3007 or KX-3008", '"torque of 35"', '"bolt kx 3007" oil',
    "説明書", "説", "หัวชง", "C++ at 10.0.0.1", "nothing of this kind", '"need no torque" rivets', "Rivets TORQUE Bolt",
)  # fmt: skip
WORDS = (
    "bolt",
    "bolts",
    "torque",
    "KX-3007",
    "KX-3008",
    "35",
    "2019",
    "説明書",
    "説明",
    "หัวชง",
    "C++",
    "IT",
    "oil",
    "naïve",
)
texts = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join), min_size=1, max_size=4)


@asynccontextmanager
async def open_world(
    template: Path, folder: Path, own: Sequence[Sequence[str]], foreign: Sequence[Sequence[str]]
) -> AsyncIterator[Stores]:
    """Open a database in which the stranger has one document for each item of `own`, and the local user of `foreign`."""
    folder.mkdir(exist_ok=True)
    async with open_copy(template, folder) as database:
        await add_stranger(database)
        stores, others = Stores(database, STRANGER), Stores(database, LOCAL)
        for number in range(max(len(own), len(foreign))):
            for owner, documents in ((others, foreign), (stores, own)):
                if number < len(documents):
                    await owner.ingest(*documents[number], name=f"{number}.txt", context=f"Chapter {number}")
        yield stores


async def describe(stores: Stores, query: RetrievalQuery) -> dict[str, Any]:
    """Return everything that a search publishes, with texts instead of ids."""
    vectors, reranker = cast(Any, EmptyVectorIndex()), cast(Any, FakeReranker())
    retriever = Retriever(stores.documents, stores.chunks, stores.keywords, vectors, FakeEmbedder(), reranker)
    found = await retriever.retrieve(STRANGER, query)
    ids = [each.chunk_id for leg in found.legs for each in leg.ranking]
    chunks = await stores.chunks.find_many(STRANGER, ids)
    rare = await stores.chunks.find_many(STRANGER, await stores.keywords.rare_matches(STRANGER, query.text, None))
    return {
        "hits": [(hit.rank, hit.chunk.text, pytest.approx(hit.score), hit.bm25) for hit in found.hits],
        "legs": [(leg.name, leg.state, leg.message, leg.candidates) for leg in found.legs],
        "rankings": [(chunks[each.chunk_id].text, each.score) for leg in found.legs for each in leg.ranking],
        "near duplicates": found.dropped_duplicates,
        "rare": [chunk.text for chunk in rare.values()],
    }


@pytest.mark.parametrize("mode", [SearchMode.KEYWORD, SearchMode.HYBRID])
async def test_a_search_is_equal_with_and_without_documents_of_others(
    template: Path, tmp_path: Path, mode: SearchMode
) -> None:
    async with (
        open_world(template, tmp_path / "alone", OWN, ()) as alone,
        open_world(template, tmp_path / "shared", OWN, FOREIGN) as shared,
    ):
        for text in QUERIES:
            query = RetrievalQuery(text, mode, top_k=10)
            assert await describe(shared, query) == await describe(alone, query), text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(own=st.lists(texts, min_size=1, max_size=3), foreign=texts, words=st.lists(st.sampled_from(WORDS), min_size=1))
async def test_scores_do_not_depend_on_any_documents_of_others(
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    own: list[list[str]],
    foreign: list[str],
    words: list[str],
) -> None:
    folder = tmp_path_factory.mktemp("worlds")
    plain, quoted = " ".join(words), f'"{" ".join(words[:2])}" {" ".join(words[2:])}'
    async with (
        open_world(template, folder / "alone", own, ()) as alone,
        open_world(template, folder / "shared", own, [foreign]) as shared,
    ):
        for query in (plain, quoted):
            assert await scored_texts(shared, query) == await scored_texts(alone, query)


async def scored_texts(stores: Stores, query: str) -> list[tuple[str, Any]]:
    hits = await stores.keywords.search(STRANGER, query, 100, None)
    chunks = await stores.chunks.find_many(STRANGER, [hit.chunk_id for hit in hits])
    return [(chunks[hit.chunk_id].text, pytest.approx(hit.score, rel=1e-12)) for hit in hits]


async def test_a_filter_restricts_hits_but_not_statistics(template: Path, tmp_path: Path) -> None:
    async with (
        open_world(template, tmp_path / "alone", OWN, ()) as alone,
        open_world(template, tmp_path / "shared", OWN, FOREIGN) as shared,
    ):
        found = []
        for stores in (shared, alone):
            document = await stores.add("0.txt")
            hits = await stores.keywords.search(STRANGER, "torque oil", 10, [document.id])
            found.append([hit.score for hit in hits])
    assert len(found[0]) == 2
    assert found[0] == pytest.approx(found[1], rel=1e-12)


async def test_candidates_are_chunks_of_the_user_only(template: Path, tmp_path: Path) -> None:
    async with open_world(template, tmp_path / "shared", OWN, [["torque torque bolt"] * 50]) as stores:
        hits = await stores.keywords.search(STRANGER, "torque bolt", 3, None)
        assert len(await stores.chunks.find_many(STRANGER, [hit.chunk_id for hit in hits])) == len(hits) == 3


async def test_a_user_without_documents_gets_the_same_answer_if_others_have_some(
    template: Path, tmp_path: Path
) -> None:
    query = RetrievalQuery("torque", SearchMode.KEYWORD)
    async with (
        open_world(template, tmp_path / "alone", (), ()) as alone,
        open_world(template, tmp_path / "shared", (), FOREIGN) as shared,
    ):
        assert await describe(shared, query) == await describe(alone, query)


async def add_sessions(stores: Stores, contents: Sequence[str]) -> None:
    for content in contents:
        session = await stores.session(f"About {content}")
        await stores.exchange(session.id, f"{content}?", f"It is {content} {content}.")


async def relevant_sessions(database: Database, query: str) -> list[tuple[str, Any]]:
    """Return the names of the stranger's sessions with their relevance, most relevant first."""
    words, order = SessionFilter(query=query), Order("RELEVANCE")
    async with database.snapshot() as reader:
        relevance = await relevance_of_scope(reader, STRANGER, words, order, database.highlighter.stemmer)
        listing = list_sessions(STRANGER, words, order, relevance)
        rows = await fetch(
            reader,
            f"SELECT sessions.name, {listing.key} FROM {listing.source} WHERE {listing.where}"
            f" ORDER BY {listing.key} DESC, sessions.id DESC",
            listing.values,
        )
    return [(row[0], pytest.approx(row[1], rel=1e-12)) for row in rows]


@pytest.mark.parametrize("query", ["torque", "bolt torque", "KX-3007", "説明書", "説", "oil naïve", "absent"])
async def test_relevance_of_sessions_is_equal_with_and_without_sessions_of_others(
    template: Path, tmp_path: Path, query: str
) -> None:
    own = ("torque", "the bolt and its torque", "oil", "KX-3007", "説明書", "naïve oil torque bolt")
    async with (
        open_world(template, tmp_path / "alone", (), ()) as alone,
        open_world(template, tmp_path / "shared", (), ()) as shared,
    ):
        await add_sessions(Stores(shared.database, LOCAL), ["torque torque", "KX-3007", "説明書", "oil"] * 3)
        await add_sessions(alone, own)
        await add_sessions(shared, own)
        assert await relevant_sessions(shared.database, query) == await relevant_sessions(alone.database, query)
        assert await session_pages(shared, query) == await session_pages(alone, query)


async def session_pages(stores: Stores, query: str) -> list[str]:
    """Return the names of the sessions with the words of a query, read in pages of one, most relevant first."""
    names: list[str] = []
    after = None
    while True:
        request = PageRequest(first=1, after=after)
        page = await stores.sessions.page(STRANGER, SessionFilter(query=query), Order("RELEVANCE"), request)
        names += [session.name for session in page.items]
        if not page.has_next:
            return names
        after = page.cursors[-1]
