"""Removal of page headers and page footers."""

from collections.abc import Sequence

from engines.parsing.worker.pages.headers_footers import HeaderFooterFilter
from engines.parsing.worker.pages.lines import Line, lines_of
from engines.parsing.worker.pages.page_spans import Page
from tests.engines.parsing.pages.drawn_pages import page, right, span


def kept(pages: Sequence[Page]) -> list[list[str]]:
    """Return, for each page, the texts of the lines that are not removed."""
    with_lines: list[tuple[Page, list[Line]]] = [(each, lines_of(each.spans)) for each in pages]
    HeaderFooterFilter().remove_from(with_lines, 10.0)
    assert [[line.text for line in lines_of(each.spans)] for each in pages] == [
        [line.text for line in lines] for _, lines in with_lines
    ]
    return [[line.text for line in lines] for _, lines in with_lines]


def test_repeated_headers_and_counted_footers_are_removed() -> None:
    pages = [
        page(
            span("The Handbook", -3),
            span(f"Fact number {number * 7}", 20),
            span(f"Sheet {number} of 9", 61),
            number=number,
        )
        for number in range(1, 6)
    ]
    assert kept(pages) == [[f"Fact number {number * 7}"] for number in range(1, 6)]


def test_bare_numbers_that_count_the_pages_are_removed() -> None:
    pages = [page(span("text", 20), span(str(number + 10), 61, 300), number=number) for number in range(1, 6)]
    assert kept(pages) == [["text"]] * 5


def test_bare_numbers_at_the_edge_that_do_not_count_the_pages_are_kept() -> None:
    pages = [page(span("text", 20), span(str(number * number), 61, 300), number=number) for number in range(1, 6)]
    assert kept(pages) == [["text", str(number * number)] for number in range(1, 6)]


def test_lines_repeated_on_only_two_pages_are_kept() -> None:
    pages = [page(span("Chapter one", -3), span("text", 20), number=number) for number in (1, 2)]
    assert kept(pages) == [["Chapter one", "text"]] * 2


def test_the_repeated_header_of_a_table_is_kept() -> None:
    pages = [
        page(span("Three months ended", -3.5, 180), span("2032", -2, 200), span("2031", -2, 260), span("Sales", -1),
             right(f"{number},100", -1, 222), right(f"{number},900", -1, 282), number=number)
        for number in range(1, 5)
    ]  # fmt: skip
    assert kept(pages)[3] == ["Three months ended", "2032 2031", "Sales 4,100 4,900"]
