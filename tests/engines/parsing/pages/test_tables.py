"""Tables without lines around their cells, and ruled tables."""

from collections.abc import Sequence

import pytest

from engines.parsing.worker.blocks.block import BlockKind
from engines.parsing.worker.pages.page_spans import Ruling, Span
from tests.engines.parsing.pages.drawn_pages import BODY, blocks, page, right, span, texts


def grid(
    rows: Sequence[Sequence[str]], lefts: Sequence[float] = (70, 200, 330, 460), bold_first: bool = False
) -> list[Span]:
    return [
        span(text, 10 + row, lefts[column], bold=bold_first and row == 0)
        for row, cells in enumerate(rows)
        for column, text in enumerate(cells)
        if text
    ]


def statement(rows: Sequence[tuple[str, ...]], row: float = 10, edges: Sequence[float] = (350, 430)) -> list[Span]:
    """Return the spans of rows that consist of a label and of numbers, which end at the `edges`."""
    spans = []
    for number, (label, *values) in enumerate(rows):
        indent = len(label) - len(label.lstrip())
        if label:
            spans.append(span(label.strip(), row + number, 70 + 5 * indent))
        spans += [right(value, row + number, edge) for value, edge in zip(values, edges, strict=False) if value]
    return spans


def test_a_row_consists_of_pairs_of_column_and_value() -> None:
    rows = [("Part", "Torque"), ("Bolt A", "35 Nm"), ("Bolt B", "40 Nm")]
    assert texts(blocks(page(*grid(rows)))) == ["Part: Bolt A, Torque: 35 Nm", "Part: Bolt B, Torque: 40 Nm"]


def test_a_bold_first_row_names_the_columns() -> None:
    rows = [("Name", "Berth"), ("Stormy Petrel", "north pier"), ("Albatross", "south pier")]
    assert texts(blocks(page(*grid(rows, bold_first=True)))) == [
        "Name: Stormy Petrel, Berth: north pier",
        "Name: Albatross, Berth: south pier",
    ]


def test_names_in_the_first_column_are_keys() -> None:
    rows = [("Name", "Stormy Petrel"), ("Owner", "Ida Holm"), ("Length", "11.4 m"), ("Home port", "Skerry")]
    assert texts(blocks(page(*grid(rows)))) == [f"{key}: {value}" for key, value in rows]


def test_a_list_of_options_is_a_table_without_a_header() -> None:
    rows = [("-c, --check", "checks the syntax"), ("-o, --output", "output file"), ("-h, --help", "shows this help")]
    assert texts(blocks(page(*grid(rows)))) == [f"{key}: {value}" for key, value in rows]


def test_signs_are_joined_to_their_numbers() -> None:
    rows = [("", "2032", "2031"), ("Sales", "1,200", "900"), ("Loss", "(75)", "—"), ("Share", "4.5", "3.9")]
    signs = [span("$", 11, 310), span("$", 11, 400), span("%", 13, 352), span("%", 13, 432)]
    assert texts(blocks(page(*statement(rows), *signs))) == [
        "Sales, 2032: $1,200, 2031: $900",
        "Loss, 2032: (75), 2031: —",
        "Share, 2032: 4.5%, 2031: 3.9%",
    ]


def test_a_header_of_two_levels_is_a_part_of_each_name() -> None:
    header = [span("Three months ended", 8, 330), span("Nine months ended", 8, 500),
              *statement([("", "2032", "2031", "2032", "2031")], 9, (350, 430, 510, 590))]  # fmt: skip
    rows = [("Sales", "12", "11", "31", "30"), ("Costs", "9", "8", "25", "24")]
    assert texts(blocks(page(*header, *statement(rows, 10, (350, 430, 510, 590))))) == [
        "Sales, Three months ended 2032: 12, Three months ended 2031: 11, Nine months ended 2032: 31, "
        "Nine months ended 2031: 30",
        "Costs, Three months ended 2032: 9, Three months ended 2031: 8, Nine months ended 2032: 25, "
        "Nine months ended 2031: 24",
    ]


def test_the_period_above_the_labels_is_a_part_of_the_years() -> None:
    rows = [("Years ended June 30,", "2032", "2031"), ("Sales", "1,200", "900"), ("Costs", "800", "700")]
    assert texts(blocks(page(*statement(rows)))) == [
        "Sales, Years ended June 30, 2032: 1,200, Years ended June 30, 2031: 900",
        "Costs, Years ended June 30, 2032: 800, Years ended June 30, 2031: 700",
    ]


def test_the_title_of_a_part_precedes_its_rows() -> None:
    rows = [("", "2032", "2031"), ("Income", "", ""), ("  Sales", "1,200", "900"), ("  Fees", "50", "40"),
            ("Total income", "1,250", "940"), ("Costs:", "", ""), ("  Wages", "700", "600")]  # fmt: skip
    assert texts(blocks(page(*statement(rows)))) == [
        "Income: Sales, 2032: 1,200, 2031: 900",
        "Income: Fees, 2032: 50, 2031: 40",
        "Total income, 2032: 1,250, 2031: 940",
        "Costs: Wages, 2032: 700, 2031: 600",
    ]


def test_a_label_of_two_lines_is_joined() -> None:
    rows = [("", "2032", "2031"), ("Sales", "1,200", "900"), ("Net income attributable to the", "", ""),
            ("owners of the company", "300", "200"), ("Costs of the", "40", "30"), ("head office", "", ""),
            ("Other", "4", "3")]  # fmt: skip
    assert texts(blocks(page(*statement(rows)))) == [
        "Sales, 2032: 1,200, 2031: 900",
        "Net income attributable to the owners of the company, 2032: 300, 2031: 200",
        "Costs of the head office, 2032: 40, 2031: 30",
        "Other, 2032: 4, 2031: 3",
    ]


def test_an_empty_cell_does_not_move_the_values_beside_it() -> None:
    rows = [("", "2032", "2031"), ("Sales", "1,200", "900"), ("Gift", "", "50"), ("Fine", "20", "")]
    assert texts(blocks(page(*statement(rows))))[1:] == ["Gift, 2031: 50", "Fine, 2032: 20"]


def test_a_second_header_begins_a_second_table() -> None:
    rows = [
        ("", "2032", "2031"),
        ("Sales", "12", "11"),
        ("Costs", "9", "8"),
        ("", "Plan", "Actual"),
        ("Sales", "14", "13"),
    ]
    assert texts(blocks(page(*statement(rows)))) == [
        "Sales, 2032: 12, 2031: 11",
        "Costs, 2032: 9, 2031: 8",
        "Sales, Plan: 14, Actual: 13",
    ]


def test_a_table_continues_on_the_next_page() -> None:
    first = page(*statement([("", "2032", "2031"), ("Sales", "12", "11"), ("Costs", "9", "8")]))
    second = page(*statement([("Rent", "5", "4"), ("Tax", "3", "2")]), number=2)
    assert texts(blocks(first, following=second))[1:] == [
        "Costs, 2032: 9, 2031: 8",
        "Rent, 2032: 5, 2031: 4",
        "Tax, 2032: 3, 2031: 2",
    ]


def test_the_order_of_the_file_does_not_matter() -> None:
    spans = statement([("", "2032", "2031"), ("Sales", "12", "11"), ("Costs", "9", "8")])
    expected = texts(blocks(page(*spans)))
    assert texts(blocks(page(*reversed(spans)))) == expected
    assert texts(blocks(page(*sorted(spans, key=lambda each: -each.left)))) == expected


def test_a_table_of_contents_is_no_table() -> None:
    rows = [("Introduction", "3"), ("The gauge", "9"), ("The pier", "17"), ("The keepers", "30"), ("Index", "41")]
    found = blocks(page(*statement(rows, edges=(400,))))
    assert BlockKind.TABLE_ROW not in {block.kind for block in found}
    assert all(title in block.text and number in block.text for (title, number), block in zip(rows, found, strict=True))


def lines_around(xs: Sequence[float], rows: Sequence[float]) -> list[Ruling]:
    ys = [50 + row * 12 for row in rows]
    across = [Ruling(xs[0], y, xs[-1], y) for y in ys]
    return [*across, *(Ruling(x, ys[0], x, ys[-1]) for x in xs)]


def test_the_cells_of_a_ruled_table_can_have_several_lines() -> None:
    spans = [span("Part", 10, 72), span("Use", 10, 202), span("Bolt", 11.5, 72), span("Holds the", 11.5, 202),
             span("pump in place", 12.5, 202), span("Nut", 14, 72), span("Holds the bolt", 14, 202)]  # fmt: skip
    rulings = lines_around((70, 200, 400), (9.7, 11.2, 13.7, 15.2))
    assert texts(blocks(page(*spans, rulings=rulings))) == [
        "Part: Use",
        "Bolt: Holds the pump in place",
        "Nut: Holds the bolt",
    ]


def test_a_cell_that_spans_columns_is_a_part_of_their_names() -> None:
    spans = [span("First half", 10, 250), span("Plant", 11, 72), span("Plan", 11, 202), span("Actual", 11, 302),
             span("Skerry", 12, 72), span("100", 12, 202), span("97", 12, 302)]  # fmt: skip
    ys = [50 + row * 12 - 1 for row in (10, 11, 12, 13)]
    rulings = [Ruling(70, y, 400, y) for y in ys]
    rulings += [Ruling(70, ys[0], 70, ys[-1]), Ruling(400, ys[0], 400, ys[-1]), Ruling(200, ys[0], 200, ys[-1]),
                Ruling(300, ys[1], 300, ys[-1])]  # fmt: skip
    assert texts(blocks(page(*spans, rulings=rulings))) == [
        "Plant: Skerry, First half Plan: 100, First half Actual: 97"
    ]


@pytest.mark.parametrize("text", [BODY, "A sentence with the year 2031 in it, and 14 crowns"])
def test_prose_is_no_table(text: str) -> None:
    found = blocks(page(*(span(text, row) for row in range(5))))
    assert {block.kind for block in found} == {BlockKind.PARAGRAPH}
