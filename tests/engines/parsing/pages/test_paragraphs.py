"""Layout analysis: paragraphs, headings, tables, cells, and removal of page headers and footers."""

from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.pages.cell_splitting import split_lines
from engines.parsing.worker.pages.headers_footers import HeaderFooterFilter
from engines.parsing.worker.pages.page_lines import Line, Page
from engines.parsing.worker.pages.paragraphs import Typography, blocks_of_page

BODY = Typography(10.0, False, {})


def line(text: str, row: float, left: float = 70, width: float = 400, height: float = 10, font: str = "Serif") -> Line:
    """Return a line whose `row` counts lines of 12 points from the top of the page."""
    top = 50 + row * 12
    return Line(text, left, top, left + width, top + height, font)


def page(*lines: Line, number: int = 1) -> Page:
    return Page(number, 600, 800, list(lines))


def texts(blocks: list[Block]) -> list[str]:
    return [block.text for block in blocks]


def test_a_paragraph_ends_at_a_gap_and_at_a_short_last_line() -> None:
    lines = [line("One begins", 10), line("and goes on.", 11), line("Two ends short.", 12, width=120), line("Three.", 13),
             line("Four stands apart.", 15)]  # fmt: skip
    found = list(blocks_of_page(page(*lines), BODY))
    assert texts(found) == ["One begins and goes on. Two ends short.", "Three.", "Four stands apart."]
    box = found[0].box
    assert box is not None
    assert (box.left, box.top, box.right, box.bottom) == (70, 170, 470, 204)


def test_a_hyphenated_word_is_joined() -> None:
    lines = [line("The light-", 10), line("house of Mari\u2010", 11), line("enwerder", 12)]
    assert texts(list(blocks_of_page(page(*lines), BODY))) == ["The lighthouse of Marienwerder"]


def test_larger_and_bold_lines_are_headings() -> None:
    lines = [line("A great title", 5, height=20), line("Body text that goes on.", 10),
             line("Smaller matters", 13, font="Serif-Bold"), line("More body text.", 14)]  # fmt: skip
    found = list(blocks_of_page(page(*lines), BODY))
    assert [(block.text, block.level) for block in found if block.kind is BlockKind.HEADING] == [
        ("A great title", 1),
        ("Smaller matters", 4),
    ]


def test_a_superscript_does_not_make_its_line_a_heading() -> None:
    """The parser's box of a line encloses all of its words."""
    text = line("Files rec*file.bz2 are read", 11, height=10)
    taller = Line(text.text, text.left, text.top - 4, text.right, text.bottom, text.font)
    words = [line("Files", 11, left=70, width=90), line("are", 11, left=270, width=80),
             line("read", 11, left=360, width=110),
             Line("rec*file.bz2", 165, text.top - 4, 265, text.bottom, "Mono")]  # fmt: skip
    lines = [line("One line before", 10), *split_lines([taller], words), line("and one behind.", 12)]
    found = list(blocks_of_page(page(*lines), BODY))
    assert texts(found) == ["One line before Files rec*file.bz2 are read and one behind."]


def test_a_bookmark_makes_a_line_a_heading_of_its_level() -> None:
    typography = Typography(10.0, False, {(1, "plain words"): 2})
    lines = [line("Plain Words", 10), line("text", 13), line("and more", 14), line("of it", 15)]
    found = list(blocks_of_page(page(*lines), typography))
    assert (found[0].kind, found[0].level) == (BlockKind.HEADING, 2)


def test_a_bookmark_without_the_number_decides_the_level_of_a_larger_line() -> None:
    typography = Typography(10.0, False, {(1, "names"): 5})
    lines = [line("2.1 Names", 5, height=18), line("Body text that goes on.", 10), line("2. Names", 14)]
    assert [block.level for block in blocks_of_page(page(*lines), typography)] == [5, 0, 0]


def test_the_dotted_number_of_a_heading_decides_its_level() -> None:
    lines = [line("2. Use", 5, height=24), line("2.1. Names", 9, height=18), line("2.1.3 Short names", 13, height=14),
             line("Body text that goes on.", 16)]  # fmt: skip
    assert [block.level for block in blocks_of_page(page(*lines), BODY)] == [1, 2, 3, 0]


def test_the_number_does_not_raise_a_heading_above_the_level_of_its_size() -> None:
    lines = [line("4 Use", 5, height=14), line("4.1 Names", 9, height=12), line("Body text that goes on.", 14)]
    assert [block.level for block in blocks_of_page(page(*lines), BODY)] == [2, 3, 0]


def test_aligned_cells_are_a_table() -> None:
    rows = [("Part", "Torque"), ("Bolt A", "35 Nm"), ("Bolt B", "40 Nm")]
    lines = [
        cell
        for number, (part, torque) in enumerate(rows)
        for cell in (line(part, 10 + number, width=40), line(torque, 10 + number, left=200, width=40))
    ]
    found = list(blocks_of_page(page(*lines), BODY))
    assert texts(found) == ["Part: Bolt A, Torque: 35 Nm", "Part: Bolt B, Torque: 40 Nm"]


def test_a_list_of_options_is_a_table_without_a_header() -> None:
    rows = [("-c, --check", "checks the syntax"), ("-o, --output", "output file"), ("-h, --help", "shows this help")]
    lines = [line(text, 10 + number, left=70 + 200 * column, width=90)
             for number, row in enumerate(rows) for column, text in enumerate(row)]  # fmt: skip
    found = list(blocks_of_page(page(*lines), BODY))
    assert texts(found) == [", ".join(row) for row in rows]


def test_a_line_is_split_at_wide_gaps_between_its_words() -> None:
    whole = Line("Bolt A 35 Nm", 70, 100, 200, 110)
    words = [Line("Bolt", 70, 100, 90, 110), Line("A", 93, 100, 98, 110), Line("35", 150, 100, 160, 110),
             Line("Nm", 163, 100, 178, 110)]  # fmt: skip
    assert [part.text for part in split_lines([whole], words)] == ["Bolt A", "35 Nm"]
    assert split_lines([whole], words[1:]) == [whole]


def test_repeated_headers_and_counted_footers_are_removed() -> None:
    pages = [
        page(
            line("The Handbook", -3),
            line(f"Fact number {number * 7}", 20),
            line(f"Sheet {number} of 9", 61),
            number=number,
        )
        for number in range(1, 6)
    ]
    HeaderFooterFilter().remove_from(pages, 10.0)
    assert [[line.text for line in stripped.lines] for stripped in pages] == [
        [f"Fact number {n * 7}"] for n in range(1, 6)
    ]


def test_lines_repeated_on_only_two_pages_are_kept() -> None:
    pages = [page(line("Chapter one", -3), line("text", 20), number=number) for number in (1, 2)]
    HeaderFooterFilter().remove_from(pages, 10.0)
    assert all(len(kept.lines) == 2 for kept in pages)
