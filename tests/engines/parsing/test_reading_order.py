from engines.parsing.limits import Limits
from engines.parsing.worker.pages.order import in_reading_order
from engines.parsing.worker.pages.page import Line, Page
from engines.parsing.worker.pages.pictures import LetterSizes
from engines.parsing.worker.pages.scans import scale_for


def line(text: str, left: float, top: float, width: float = 200, height: float = 10) -> Line:
    return Line(text, left, top, left + width, top + height)


def texts(lines: list[Line]) -> list[str]:
    return [each.text for each in lines]


def prose(column: str, left: float, top: float = 100) -> list[Line]:
    return [line(f"{column}{row} with quite some words", left, top + 14 * row) for row in range(4)]


def test_lines_go_from_top_to_bottom_and_cells_of_a_row_from_left_to_right() -> None:
    lines = [line("d", 300, 51), line("a", 50, 20), line("c", 50, 50), line("b", 300, 19)]
    assert texts(in_reading_order(lines)) == ["a", "b", "c", "d"]


def test_columns_of_prose_are_read_one_after_the_other_between_what_crosses_them() -> None:
    left, right = prose("l", 50), prose("r", 300, top=103)
    title = line("A title over both of the columns", 50, 60, width=450)
    footer = line("A footer below both of the columns", 50, 200, width=450)
    mixed = [footer, *(cell for pair in zip(right, left, strict=True) for cell in pair), title]
    assert texts(in_reading_order(mixed)) == texts([title, *left, *right, footer])


def test_three_columns_are_read_one_after_the_other() -> None:
    columns = [prose("a", 50), prose("b", 300), prose("c", 550)]
    mixed = [cell for row in zip(*columns, strict=True) for cell in row]
    assert texts(in_reading_order(mixed)) == texts([cell for column in columns for cell in column])


def test_a_table_is_read_row_by_row() -> None:
    rows = [(line(f"Bolt {row}", 50, 14 * row, 60), line(f"{row} Nm", 300, 14 * row, 60)) for row in range(5)]
    assert texts(in_reading_order([cell for row in rows for cell in row][::-1])) == [
        text for row in range(5) for text in (f"Bolt {row}", f"{row} Nm")
    ]


def test_heights_that_differ_as_boxes_do_are_one_size_and_others_are_kept() -> None:
    measured = [line("a heading", 0, 0, height=20), *(line("body text", 0, 40, height=h) for h in (9, 10, 11, 12))]
    sizes = LetterSizes()
    heights = [each.height for each in sizes.even_out(measured)]
    assert heights[0] == 20
    assert len(set(heights[1:])) == 1
    assert {each.height for each in sizes.even_out([line("the next page", 0, 0, height=11.5)])} == set(heights[1:])


def test_a_page_is_drawn_as_finely_as_wanted_and_a_huge_one_within_bounds() -> None:
    limits = Limits(recognition_dpi=200, recognition_pixels=8_000_000)
    assert scale_for(595, 842, limits) == 200 / 72
    wide = scale_for(14_000, 10_000, limits)
    assert 14_000 * wide * 10_000 * wide <= 8_000_001
    assert 14_000 * scale_for(14_000, 1, limits) <= 6_000


def test_a_page_is_a_picture_where_it_has_no_text_or_little_on_a_large_one() -> None:
    stamp, whole = line("Received 12 May", 50, 50), prose("l", 50) * 5
    assert Page(1, 600, 800, [], pictures=1, pictured=0.1).is_picture
    assert Page(1, 600, 800, [stamp], pictures=1, pictured=0.9).is_picture
    assert not Page(1, 600, 800, [stamp], pictures=1, pictured=0.1).is_picture
    assert not Page(1, 600, 800, whole, pictures=1, pictured=0.9).is_picture
    assert not Page(1, 600, 800, []).is_picture
