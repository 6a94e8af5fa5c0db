"""Chunks: boundaries, contexts, overlap, and complete coverage of the text."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.text_builder import TextBuilder
from engines.parsing.worker.chunking.chunker import Chunker
from records.document import Chunking, NewChunk
from tests.engines.parsing.in_process import check_chunks, token_counter


def chunk_blocks(
    blocks: list[Block], chunking: Chunking | None = None, title: str | None = None
) -> tuple[str, list[NewChunk]]:
    """Return the text that the blocks form, and its chunks."""
    builder, text = TextBuilder(ParsingLimits()), ""
    chunker = Chunker(token_counter(), chunking or Chunking(), (title,) if title else ())
    chunks: list[NewChunk] = []
    for block in blocks:
        if placed := builder.add(block):
            text += placed.separator + placed.block.text
            chunks += chunker.add(placed)
    return text, chunks + list(chunker.finish())


def paragraph(words: int, seed: int = 1) -> Block:
    """Return a paragraph of `words` words in sentences of twelve words. The same seed gives the same paragraph."""
    pick = random.Random(seed)
    sentences = (
        " ".join(pick.choices(["oak", "river", "stone", "quiet", "lamp", "seven"], k=12)) for _ in range(words // 12)
    )
    return Block(BlockKind.PARAGRAPH, " ".join(f"{sentence.capitalize()}." for sentence in sentences))


def heading(text: str, level: int) -> Block:
    return Block(BlockKind.HEADING, text, level=level)


def table_row(text: str, is_first: bool = False) -> Block:
    return Block(BlockKind.TABLE_ROW, text, separator=Separator.BLANK_LINE if is_first else Separator.NEWLINE)


def test_text_below_different_headings_is_in_different_chunks() -> None:
    _, chunks = chunk_blocks([heading("Cats", 1), paragraph(12), heading("Dogs", 1), paragraph(12, 2)])
    assert [chunk.headings for chunk in chunks] == [("Cats",), ("Dogs",)]
    assert chunks[0].text.startswith("Cats\n\n")


def test_the_context_contains_title_and_headings_except_those_in_the_chunk() -> None:
    blocks = [heading("Cats", 1), heading("Food", 2), *(paragraph(150, seed) for seed in range(3))]
    _, chunks = chunk_blocks(blocks, title="Pets")
    assert [chunk.context for chunk in chunks][:2] == ["Pets", "Pets › Cats › Food"]
    assert all(chunk.headings == ("Cats", "Food") for chunk in chunks)


def test_small_chunks_are_merged_with_a_neighbour_in_their_section() -> None:
    text, chunks = chunk_blocks([heading("List", 1), *(paragraph(24, seed) for seed in range(12)), paragraph(12)])
    check_chunks(text, chunks)
    assert all(chunk.token_count >= 50 for chunk in chunks)


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text, chunks = chunk_blocks([paragraph(2000)])
    check_chunks(text, chunks)
    assert all(chunk.text.endswith(".") for chunk in chunks)
    assert 150 < sum(chunk.token_count for chunk in chunks) / len(chunks) <= 210


def test_table_rows_are_not_cut() -> None:
    rows = [f"Part: Bolt {n}, Torque: {n} Nm, Material: {'very ' * 30}hard steel" for n in range(40)]
    text, chunks = chunk_blocks([table_row(row, number == 0) for number, row in enumerate(rows)])
    check_chunks(text, chunks)
    assert all(any(row in chunk.text.splitlines() for chunk in chunks) for row in rows)


def test_chunks_of_table_rows_are_about_half_as_long_as_those_of_prose() -> None:
    rows = [
        f"Current assets: Receivable {n}, December 31, 2031: {n},021, December 31, 2030: {n},017" for n in range(60)
    ]
    text, chunks = chunk_blocks([table_row(row, number == 0) for number, row in enumerate(rows)])
    check_chunks(text, chunks)
    assert all(50 <= chunk.token_count <= 100 for chunk in chunks)


def test_prose_after_a_table_fills_the_chunk_of_the_last_rows() -> None:
    blocks = [table_row("Bolt: A, Torque: 35 Nm", is_first=True), table_row("Bolt: B, Torque: 50 Nm"), paragraph(120)]
    _, chunks = chunk_blocks(blocks)
    assert len(chunks) == 1


def test_a_word_above_the_limit_is_cut() -> None:
    text, chunks = chunk_blocks([Block(BlockKind.PARAGRAPH, "QUJD" * 20_000)])
    check_chunks(text, chunks)
    assert max(len(chunk.text) for chunk in chunks) <= 256 * 10


def test_a_long_context_is_shortened() -> None:
    text, chunks = chunk_blocks([heading("chapter about many things " * 60, 1), paragraph(500)], title="A title " * 50)
    check_chunks(text, chunks)
    assert chunks[-1].context


def test_the_overlap_repeats_the_last_words_within_its_limit() -> None:
    blocks = [heading("One", 1), *(paragraph(150, seed) for seed in range(6))]
    text, chunks = chunk_blocks(blocks, Chunking(200, 40))
    check_chunks(text, chunks, 200)
    for before, after in pairwise(chunks):
        shared = text[after.start_offset : before.end_offset]
        assert 0 < token_counter().count(shared) <= 40
        assert text[after.start_offset - 1].isspace()


def test_a_chunk_has_its_first_and_last_page() -> None:
    _, chunks = chunk_blocks([Block(BlockKind.PARAGRAPH, "one", page=3), Block(BlockKind.PARAGRAPH, "two", page=4)])
    assert (chunks[0].page_start, chunks[0].page_end) == (3, 4)


WORDS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=120) | st.sampled_from(
    [
        "Ein Satz. Noch einer! ",
        "漢字かな交じり文。" * 40,
        "a" * 700,
        "x.y.z " * 100,
        "🎉🏳️‍🌈 " * 50,
        "\n\n",
        "word " * 300,
    ]
)
BLOCKS = st.builds(
    Block,
    kind=st.sampled_from(list(BlockKind)),
    text=WORDS,
    level=st.integers(1, 4),
    separator=st.sampled_from(list(Separator)),
    page=st.none() | st.integers(1, 9),
)
CHUNKINGS = st.integers(16, 256).flatmap(
    lambda most: st.builds(Chunking, max_tokens=st.just(most), overlap_tokens=st.integers(0, most // 2))
)


@settings(max_examples=150, deadline=None)
@given(blocks=st.lists(BLOCKS, max_size=12), chunking=CHUNKINGS, title=st.none() | WORDS)
def test_the_chunks_of_any_document_cover_its_text(blocks: list[Block], chunking: Chunking, title: str | None) -> None:
    text, chunks = chunk_blocks(blocks, chunking, title)
    check_chunks(text, chunks, chunking.max_tokens)


def test_a_context_that_is_too_long_keeps_the_first_title_and_the_innermost_heading() -> None:
    headings = [heading(f"Part {level} of a very long story about stones and rivers", level) for level in range(1, 6)]
    builder, chunks = TextBuilder(ParsingLimits()), list[NewChunk]()
    chunker = Chunker(token_counter(), Chunking(max_tokens=128), ("halden", "A title that is long " * 9))
    for block in [*headings, *(paragraph(100, seed) for seed in range(4))]:
        placed = builder.add(block)
        assert placed
        chunks += chunker.add(placed)
    chunks += chunker.finish()
    assert chunks[-1].context == "halden › Part 5 of a very long story about stones and rivers"
