import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as some

from engines.parsing.limits import Limits
from engines.parsing.worker.block import Block, BlockKind, Glue
from engines.parsing.worker.chunks import Chunker
from engines.parsing.worker.composer import Composer
from records.document import Chunking, NewChunk
from tests.engines.parsing.extracting import check_chunks, tokens


def chunk(
    blocks: list[Block], chunking: Chunking | None = None, title: str | None = None
) -> tuple[str, list[NewChunk]]:
    composer, text = Composer(Limits()), ""
    chunker = Chunker(tokens(), chunking or Chunking(), title)
    chunks: list[NewChunk] = []
    for block in blocks:
        if placed := composer.add(block):
            text += placed.glue + placed.block.text
            chunks += chunker.add(placed)
    return text, chunks + list(chunker.finish())


def paragraph(words: int, seed: int = 1) -> Block:
    pick = random.Random(seed)
    sentences = (
        " ".join(pick.choices(["oak", "river", "stone", "quiet", "lamp", "seven"], k=12)) for _ in range(words // 12)
    )
    return Block(BlockKind.PARAGRAPH, " ".join(f"{sentence.capitalize()}." for sentence in sentences))


def heading(text: str, level: int) -> Block:
    return Block(BlockKind.HEADING, text, level=level)


def row(text: str, first: bool = False) -> Block:
    return Block(BlockKind.TABLE_ROW, text, glue=Glue.BLANK_LINE if first else Glue.NEWLINE)


def test_what_stands_below_different_headings_is_never_mixed() -> None:
    _, chunks = chunk([heading("Cats", 1), paragraph(12), heading("Dogs", 1), paragraph(12, 2)])
    assert [piece.headings for piece in chunks] == [("Cats",), ("Dogs",)]
    assert chunks[0].text.startswith("Cats\n\n")


def test_the_context_names_title_and_headings_but_not_those_that_the_chunk_holds() -> None:
    _, chunks = chunk([heading("Cats", 1), heading("Food", 2), *(paragraph(150, n) for n in range(3))], title="Pets")
    assert [piece.context for piece in chunks][:2] == ["Pets", "Pets › Cats › Food"]
    assert all(piece.headings == ("Cats", "Food") for piece in chunks)


def test_runts_join_their_neighbours_under_the_same_heading() -> None:
    text, chunks = chunk([heading("List", 1), *(paragraph(24, n) for n in range(12)), paragraph(12)])
    check_chunks(text, chunks)
    assert all(piece.token_count >= 50 for piece in chunks)


def test_a_long_paragraph_is_split_behind_sentences() -> None:
    text, chunks = chunk([paragraph(2000)])
    check_chunks(text, chunks)
    assert all(piece.text.endswith(".") for piece in chunks)
    assert 150 < sum(piece.token_count for piece in chunks) / len(chunks) <= 210


def test_table_rows_are_not_split() -> None:
    rows = [f"Part: Bolt {n}, Torque: {n} Nm, Material: {'very ' * 30}hard steel" for n in range(40)]
    text, chunks = chunk([row(text, n == 0) for n, text in enumerate(rows)])
    check_chunks(text, chunks)
    assert all(any(line in piece.text.splitlines() for piece in chunks) for line in rows)


def test_a_word_without_an_end_is_cut_somewhere() -> None:
    text, chunks = chunk([Block(BlockKind.PARAGRAPH, "QUJD" * 20_000)])
    check_chunks(text, chunks)
    assert max(len(piece.text) for piece in chunks) <= 256 * 10


def test_a_context_that_is_too_long_is_cut() -> None:
    text, chunks = chunk([heading("chapter about many things " * 60, 1), paragraph(500)], title="A title " * 50)
    check_chunks(text, chunks)
    assert chunks[-1].context


def test_the_overlap_repeats_the_last_words_within_its_bound() -> None:
    text, chunks = chunk([heading("One", 1), *(paragraph(150, n) for n in range(6))], Chunking(200, 40))
    check_chunks(text, chunks, 200)
    for before, after in pairwise(chunks):
        shared = text[after.start_offset : before.end_offset]
        assert 0 < tokens().count(shared) <= 40
        assert text[after.start_offset - 1].isspace()


def test_a_chunk_over_several_pages_says_so() -> None:
    _, chunks = chunk([Block(BlockKind.PARAGRAPH, "one", page=3), Block(BlockKind.PARAGRAPH, "two", page=4)])
    assert (chunks[0].page_start, chunks[0].page_end) == (3, 4)


WORDS = some.text(some.characters(blacklist_categories=["Cs"]), max_size=120) | some.sampled_from(
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
BLOCKS = some.builds(
    Block,
    kind=some.sampled_from(list(BlockKind)),
    text=WORDS,
    level=some.integers(1, 4),
    glue=some.sampled_from(list(Glue)),
    page=some.none() | some.integers(1, 9),
)
CHUNKINGS = some.integers(16, 256).flatmap(
    lambda most: some.builds(Chunking, max_tokens=some.just(most), overlap_tokens=some.integers(0, most // 2))
)


@settings(max_examples=150, deadline=None)
@given(blocks=some.lists(BLOCKS, max_size=12), chunking=CHUNKINGS, title=some.none() | WORDS)
def test_the_chunks_of_any_document_cover_it_exactly(
    blocks: list[Block], chunking: Chunking, title: str | None
) -> None:
    text, chunks = chunk(blocks, chunking, title)
    check_chunks(text, chunks, chunking.max_tokens)
