"""The retriever with the real stores and the real embedder: filters, quotations, deletion, near-duplicates, reranking."""

from collections.abc import AsyncIterator

import anyio
import pytest
import pytest_asyncio

from records.document import DocumentRecord
from records.retrieval import Leg, LegState, SearchedDocuments, SearchMode
from services.retrieval.retriever import QUOTATION_NOT_FOUND
from tests.access import LOCAL
from tests.support.documents.needles import Needle, needles
from tests.support.library import Library, open_library
from tests.support.own_task import in_own_task

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

NEEDLES = list(needles())
TINY = "Rivets of the Halden boiler are made of copper."
NAMES = ["AB-1234/x", "AB-1234/y", "read_text_file", "read_file_text", "config.yaml", "config.yml", "v2.10.3", "v2.1.3",
         "CVE-2026-1234", "CVE-2026-1243", "10.0.0.1", "10.0.1.0", "E4711", "E4712"]  # fmt: skip
DRAFT = (
    "The pump must be switched off before the cover is opened, because the wheel turns on for some seconds and the water "
    "in the housing stays under pressure until the valve at the back was opened by hand. Clean the filter below the cover "
    "every month with warm water and a soft brush, put it back with the arrow to the wheel, then close the cover again."
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def library(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Library]:
    async with in_own_task(open_library(tmp_path_factory.mktemp("library"))) as library:
        for needle in NEEDLES:
            await library.add(needle.text, needle.name, tags=[needle.length])
        await library.add(TINY, "tiny", tags=["tiny"])
        for name in NAMES:
            await library.add(f"The manual says of {name} that it needs care, see the chapter on {name}.", name)
        await library.add(DRAFT, "draft")
        await library.add(DRAFT.replace(", ", " ,\n").replace("The pump", "The pump,"), "final")
        await library.embed()
        yield library


async def find_document(library: Library, name: str) -> DocumentRecord:
    """Return the document with the text of the needle `name`; for `tiny`, the document with the text `TINY`."""
    text = next(needle.text for needle in NEEDLES if needle.name == name) if name != "tiny" else TINY
    return await library.add(text, name)


@pytest.mark.parametrize("needle", NEEDLES, ids=[f"{each.name}-{each.length}-{each.depth}" for each in NEEDLES])
async def test_a_fact_is_found_at_any_depth_of_a_document_of_any_length(library: Library, needle: Needle) -> None:
    assert any(needle.sentence in text for text in await library.texts(needle.question, top_k=3))


@pytest.mark.parametrize("mode", SearchMode)
async def test_a_filter_restricts_the_search_to_one_tiny_document(library: Library, mode: SearchMode) -> None:
    tiny = await find_document(library, "tiny")
    query = "page of the report on boiler and geese"
    for within in ({"searched": SearchedDocuments((tiny.id,))}, {"tags": ("tiny",)}):
        assert await library.texts(query, top_k=5, mode=mode, **within) == [TINY]


@pytest.mark.parametrize("mode", SearchMode)
async def test_a_filtered_search_returns_as_many_hits_as_requested(library: Library, mode: SearchMode) -> None:
    names = [needle.name for needle in NEEDLES if needle.length == "middle"]
    one = await find_document(library, names[0])
    assert one.chunk_count >= 5
    hits = (
        await library.search("the committee measured geese", top_k=5, mode=mode, searched=SearchedDocuments((one.id,)))
    ).hits
    assert [hit.document.id for hit in hits] == [one.id] * 5
    hits = (await library.search("the committee measured geese", top_k=50, mode=mode, tags=("middle",))).hits
    assert len(hits) == 50
    assert {hit.document.name for hit in hits} <= set(names)


async def test_passages_and_snippets_are_exact_parts_of_their_document(library: Library) -> None:
    for needle in NEEDLES[::4]:
        for hit in (await library.search(needle.question, top_k=20)).hits:
            chunk = hit.chunk
            length = chunk.end_offset - chunk.start_offset
            assert await library.documents.text(LOCAL, chunk.document_id, chunk.start_offset, length) == chunk.text
            snippet = library.retriever.make_snippet(needle.question, chunk.text)
            assert snippet.text in chunk.text
            assert all(0 <= span.start < span.end <= len(snippet.text) for span in snippet.matches)


async def test_the_same_content_is_stored_once(library: Library) -> None:
    before = await find_document(library, NEEDLES[0].name)
    again = await library.add(NEEDLES[0].text, "another name")
    assert again == before


async def test_a_reprocessed_document_keeps_its_rank(library: Library) -> None:
    """Scores may differ a little, because the rounding of bfloat16 vectors depends on the other texts of a batch."""
    needle = NEEDLES[1]
    before = (await library.search(needle.question, top_k=3)).hits
    await library.reprocess(await find_document(library, needle.name))
    await library.embed()
    after = (await library.search(needle.question, top_k=3)).hits
    assert [hit.chunk.text for hit in after] == [hit.chunk.text for hit in before]
    assert [hit.score for hit in after] == pytest.approx([hit.score for hit in before], abs=0.03)


async def test_a_document_is_not_found_from_the_start_of_its_deletion(library: Library) -> None:
    """Neither a search that starts after the document was hidden finds it, nor one that ends after it was erased."""
    doomed = await library.add("The Vesterhavn beacon blinks green twice. " * 40, "doomed")
    await library.embed()
    seen: list[tuple[bool, bool]] = []
    is_hidden = is_erased = is_over = False

    async def search_repeatedly() -> None:
        while not is_over:
            started_hidden = is_hidden
            hits = (await library.search("Vesterhavn beacon", top_k=5, rerank=len(seen) % 3 == 0)).hits
            seen.append((started_hidden or is_erased, any(hit.document.id == doomed.id for hit in hits)))

    async with anyio.create_task_group() as searches:
        for _ in range(3):
            searches.start_soon(search_repeatedly)
        while not any(is_found for _, is_found in seen):
            await anyio.sleep(0.01)
        await library.documents.mark_deleting(LOCAL, doomed.id)
        is_hidden = True
        await library.ingested.erase(doomed.id)
        is_erased = True
        await library.vectors.drain()
        while sum(was_deleted for was_deleted, _ in seen) < 9:
            await anyio.sleep(0.01)
        is_over = True
    assert not any(is_found for was_deleted, is_found in seen if was_deleted)


async def test_near_duplicates_are_removed_and_counted(library: Library) -> None:
    found = await library.search("clean the filter below the cover", top_k=5)
    assert sum("Clean the filter" in hit.chunk.text for hit in found.hits) == 1
    assert found.dropped_duplicates >= 1


@pytest.mark.parametrize("name", NAMES)
async def test_an_exact_name_is_found_first(library: Library, name: str) -> None:
    assert f"says of {name} that" in (await library.texts(f"What does {name} need?", top_k=1))[0]


async def test_passages_with_the_quotation_go_first(library: Library) -> None:
    needle = NEEDLES[2]
    quoted = " ".join(needle.sentence.split()[1:5])
    found = await library.search(f'a report on geese, "{quoted}"', top_k=5)
    assert quoted in found.hits[0].chunk.text
    assert len(found.hits) == 5
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)
    assert await library.texts(f'geese "{quoted}"', mode=SearchMode.KEYWORD) == [found.hits[0].chunk.text]


async def test_a_quotation_that_no_passage_contains_is_searched_by_words_and_reported(library: Library) -> None:
    found = await library.search('what blinks like a "copper boiler of Halden"?', top_k=1)
    assert found.hits[0].chunk.text == TINY
    assert found.legs[0].message == QUOTATION_NOT_FOUND
    assert await library.texts('"copper boiler of Halden"', mode=SearchMode.KEYWORD) == []


@pytest.mark.parametrize("mode", SearchMode)
async def test_the_reranker_adds_a_ranking(library: Library, mode: SearchMode) -> None:
    needle = NEEDLES[5]
    found = await library.search(needle.question, top_k=3, mode=mode, rerank=True)
    legs = {leg.name: leg for leg in found.legs}
    assert legs[Leg.RERANK].state is LegState.RAN
    assert 0 < legs[Leg.RERANK].candidates <= 30
    assert legs[Leg.RERANK].took_ms > 0
    assert any(needle.sentence in hit.chunk.text for hit in found.hits)
