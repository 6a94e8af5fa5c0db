"""Columns of prose: they are read one after another, and the columns of tables are not taken for prose."""

from engines.parsing.worker.pages.columns import regions_of
from engines.parsing.worker.pages.page_spans import Span
from tests.engines.parsing.pages.drawn_pages import span


def column(name: str, left: float, row: float = 10, lines: int = 5) -> list[Span]:
    return [span(f"{name}{number} with quite a few words in it", row + number, left) for number in range(lines)]


def order(spans: list[Span]) -> list[str]:
    return [line.text for region in regions_of(spans) for line in region]


def texts(spans: list[Span]) -> list[str]:
    return [each.text for each in spans]


def test_columns_follow_each_other_between_the_lines_that_span_them() -> None:
    left, right = column("l", 50), column("r", 300, row=10.3)
    title = span("A title over both of the columns, which is long enough to span the two of them", 8, 50)
    footer = span("A footer below both of the columns, which is long enough to span the two of them", 17, 50)
    mixed = [footer, *(cell for pair in zip(right, left, strict=True) for cell in pair), title]
    assert order(mixed) == texts([title, *left, *right, footer])


def test_three_columns_follow_each_other() -> None:
    columns = [column("a", 50), column("b", 250), column("c", 450)]
    mixed = [cell for row in zip(*columns, strict=True) for cell in row]
    assert order(mixed) == texts([cell for each in columns for cell in each])


def test_columns_in_one_half_of_a_page_are_found() -> None:
    above = [
        span("A line of text that spans the whole width of the page above the two columns.", row, 50)
        for row in range(9)
    ]
    left, right = column("l", 50), column("r", 300)
    assert order([*above, *right, *left]) == texts([*above, *left, *right])


def test_a_table_is_read_row_by_row() -> None:
    rows = [(span(f"Bolt {row}", row, 50), span(f"{row} Nm", row, 300)) for row in range(6)]
    assert order([cell for row in rows for cell in row][::-1]) == [f"Bolt {row} {row} Nm" for row in range(6)]
