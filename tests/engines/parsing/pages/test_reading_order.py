"""Reading order of lines on a page."""

from engines.parsing.worker.pages.page_lines import Line
from engines.parsing.worker.pages.reading_order import in_reading_order


def line(text: str, left: float, top: float, width: float = 200) -> Line:
    return Line(text, left, top, left + width, top + 10)


def texts(lines: list[Line]) -> list[str]:
    return [each.text for each in lines]


def prose(column: str, left: float, top: float = 100) -> list[Line]:
    return [line(f"{column}{row} with quite some words", left, top + 14 * row) for row in range(4)]


def test_lines_are_sorted_from_top_to_bottom_and_cells_from_left_to_right() -> None:
    lines = [line("d", 300, 51), line("a", 50, 20), line("c", 50, 50), line("b", 300, 19)]
    assert texts(in_reading_order(lines)) == ["a", "b", "c", "d"]


def test_columns_follow_each_other_between_the_lines_that_span_them() -> None:
    left, right = prose("l", 50), prose("r", 300, top=103)
    title = line("A title over both of the columns", 50, 60, width=450)
    footer = line("A footer below both of the columns", 50, 200, width=450)
    mixed = [footer, *(cell for pair in zip(right, left, strict=True) for cell in pair), title]
    assert texts(in_reading_order(mixed)) == texts([title, *left, *right, footer])


def test_three_columns_follow_each_other() -> None:
    columns = [prose("a", 50), prose("b", 300), prose("c", 550)]
    mixed = [cell for row in zip(*columns, strict=True) for cell in row]
    assert texts(in_reading_order(mixed)) == texts([cell for column in columns for cell in column])


def test_a_table_is_read_row_by_row() -> None:
    rows = [(line(f"Bolt {row}", 50, 14 * row, 60), line(f"{row} Nm", 300, 14 * row, 60)) for row in range(5)]
    assert texts(in_reading_order([cell for row in rows for cell in row][::-1])) == [
        text for row in range(5) for text in (f"Bolt {row}", f"{row} Nm")
    ]
