"""Excel workbooks: what a person sees in each cell, with the names of its row and column."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.workbook import Workbook as OpenpyxlWorkbook

from tests.engines.parsing.in_process import Extracted, extract, extract_checked
from tests.engines.parsing.safety.hostile_files import parts_of, repack

TRANSITIONAL = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
FLEET: list[list[object]] = [["Boat", "Fee", "Crew"], ["Petrel", 40, 3], ["Gull", 55, 4]]


def read_sheet(
    folder: Path, rows: Sequence[Sequence[object]], change: Callable[[OpenpyxlWorkbook], object] | None = None
) -> Extracted:
    """Write a workbook with one sheet and parse it. `change` can modify the workbook before it is written."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    book.save(folder / "book.xlsx")
    return extract_checked(folder / "book.xlsx")


def lines_of(found: Extracted) -> list[str]:
    return [line for line in found.text.split("\n") if line]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([["Region", 2029, 2030], ["North", 410, 455]], "Region: North, 2029: 410, 2030: 455"),
        ([["", "Boat", "Fee"], [0, "Petrel", 40], [1, "Gull", 55]], "1, Boat: Gull, Fee: 55"),
        ([["Name", "Petrel"], ["Owner", "Ida Holm"], ["Draught", "1.8 m"]], "Owner: Ida Holm"),
        ([["Berth", "Boat"], ["A1", "Petrel"], ["A2", "Gull"]], "Berth: A2, Boat: Gull"),
        ([["Fleet of 2031"], [], *FLEET], "Boat: Gull, Fee: 55, Crew: 4"),
        ([["Printed by", "Ida"], [], *FLEET], "Printed by, Ida"),
        ([["Order", 7719], ["Customer", "Holm AS"], *FLEET], "Customer: Holm AS"),
        ([["Order", 7719], ["Customer", "Holm AS"], *FLEET], "Boat: Gull, Fee: 55, Crew: 4"),
        ([*FLEET, [], ["Harbour", "Depth"], ["Skerry", 4.5], ["Holm", 6]], "Harbour: Skerry, Depth: 4.5"),
        ([*FLEET, [], ["Total", 95, 7]], "Boat: Total, Fee: 95, Crew: 7"),
        ([*FLEET, ["Source: the harbour office of Skerry"]], "Source: the harbour office of Skerry"),
        ([["", "2030", "", "2031", ""], ["Plant", "Plan", "Actual", "Plan", "Actual"], ["Holm", 1, 2, 3, 4]],
         "Plant: Holm, 2030 Plan: 1, 2030 Actual: 2, 2031 Plan: 3, 2031 Actual: 4"),
        ([["", "", "", ""], ["", *FLEET[0]], ["", *FLEET[1]], ["", "", 95, 7]], "Fee: 95, Crew: 7"),
        ([["Region", 2029, "", 2030], ["North", 410, "", 455]], "Region: North, 2029: 410, 2030: 455"),
        ([["Open", "Boat"], [True, "Petrel"], [False, "Gull"]], "Open: TRUE, Boat: Petrel"),
    ],
)  # fmt: skip
def test_a_row_is_read_with_its_names(tmp_path: Path, rows: Sequence[Sequence[object]], line: str) -> None:
    assert line in lines_of(read_sheet(tmp_path, rows))


def test_tables_side_by_side_are_read_one_after_the_other(tmp_path: Path) -> None:
    crew: list[list[object]] = [["Name", "Role", "Phone"], ["Ida", "Cook", 123], ["Per", "Mate", 456]]
    rows = [[*boat, "", *person] for boat, person in zip(FLEET, crew, strict=True)]
    found = read_sheet(tmp_path, [["Fleet", "", "", "", "People"], *rows])
    assert lines_of(found) == [
        "Sheet", "Fleet", "Boat: Petrel, Fee: 40, Crew: 3", "Boat: Gull, Fee: 55, Crew: 4",
        "People", "Name: Ida, Role: Cook, Phone: 123", "Name: Per, Role: Mate, Phone: 456",
    ]  # fmt: skip
    assert found.document.coverage.tables == 2


def test_a_merged_cell_applies_to_all_its_rows_and_columns(tmp_path: Path) -> None:
    def merge(book: OpenpyxlWorkbook) -> None:
        for area in ("A1:A2", "B1:C1", "A3:A4"):
            book.active.merge_cells(area)

    rows = [["Ship", "Crew", ""], ["", "Role", "Name"], ["Petrel", "Cook", "Ida"], ["", "Mate", "Per"]]
    found = read_sheet(tmp_path, rows, merge)
    assert lines_of(found)[1:] == [
        "Ship: Petrel, Crew Role: Cook, Crew Name: Ida",
        "Ship: Petrel, Crew Role: Mate, Crew Name: Per",
    ]


def test_a_title_that_is_merged_over_the_table_is_a_paragraph(tmp_path: Path) -> None:
    found = read_sheet(tmp_path, [["Fleet of 2031"], *FLEET], lambda book: book.active.merge_cells("A1:C1"))
    assert lines_of(found) == [
        "Sheet",
        "Fleet of 2031",
        "Boat: Petrel, Fee: 40, Crew: 3",
        "Boat: Gull, Fee: 55, Crew: 4",
    ]


def test_a_bold_row_names_two_columns_of_text(tmp_path: Path) -> None:
    def embolden(book: OpenpyxlWorkbook) -> None:
        for cell in book.active[1]:
            cell.font = Font(bold=True)

    found = read_sheet(tmp_path, [["Island", "Keeper"], ["Skerry", "Ida"], ["Holm", "Per"]], embolden)
    assert lines_of(found)[1:] == ["Island: Skerry, Keeper: Ida", "Island: Holm, Keeper: Per"]


def test_a_formula_without_a_result_is_shown_and_named(tmp_path: Path) -> None:
    found = read_sheet(tmp_path, [["Item", "Net", "Gross"], ["Rope", 40, "=B2*1.25"], ["Sum", "=SUM(B2:B2)", 50]])
    assert "Item: Rope, Net: 40, Gross: =B2*1.25" in found.text
    assert found.warnings[0].startswith("Sheet “Sheet”: 2 cells have a formula without a stored result")


def test_a_shared_formula_is_shown_for_each_cell(tmp_path: Path) -> None:
    read_sheet(tmp_path, [["Item", "Net", "Gross"], ["Rope", 40, "=B2*2"], ["Oar", 30, "=B3*2"]])
    parts = parts_of(tmp_path / "book.xlsx")
    sheet = "xl/worksheets/sheet1.xml"
    shared = parts[sheet].replace(b"<f>B2*2</f>", b'<f t="shared" ref="C2:C3" si="0">B2*2</f>')
    repack(tmp_path / "book.xlsx", parts | {sheet: shared.replace(b"<f>B3*2</f>", b'<f t="shared" si="0"/>')})
    assert "Item: Oar, Net: 30, Gross: =B3*2" in extract(tmp_path / "book.xlsx").text


def test_hidden_parts_are_read_and_named(tmp_path: Path) -> None:
    def hide(book: OpenpyxlWorkbook) -> None:
        book.active.row_dimensions[2].hidden = True
        book.active.column_dimensions["C"].hidden = True
        book.create_sheet("Safe").append(["code 7719"])
        book["Safe"].sheet_state = "veryHidden"

    found = read_sheet(tmp_path, FLEET, hide)
    assert "Boat: Petrel, Fee: 40, Crew: 3" in found.text
    assert "code 7719" in found.text
    assert found.warnings == (
        "Sheet “Sheet”: 1 hidden row and 1 hidden column were read.",
        "1 of 2 sheets are hidden in the program and were read: 2.",
    )


def test_comments_text_boxes_and_charts_are_read_or_named(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        sheet = book.add_worksheet("Fleet")
        for number, row in enumerate(FLEET):
            sheet.write_row(number, 0, row)
        sheet.write_comment("B2", "Paid in May.", {"author": "Ida"})
        sheet.insert_textbox("F2", "Moor at pier 3.")
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Fleet!$B$2:$B$3"})
        chart.set_title({"name": "Fees of 2031"})
        sheet.insert_chart("F9", chart)
        sheet.set_header("&LHarbour office&RPage &P")
    found = extract_checked(tmp_path / "book.xlsx")
    assert "Comment by Ida on B2: Paid in May." in found.text
    assert "Text box: Moor at pier 3." in found.text
    assert "Page header or footer: Harbour office Page" in found.text
    assert found.warnings == ("1 charts were not read: Fees of 2031. The cells with their data were read.",)


def test_a_comment_is_not_a_part_of_its_table(tmp_path: Path) -> None:
    def comment(book: OpenpyxlWorkbook) -> None:
        book.active["A2"].comment = Comment("Sold in 2030.", "Per")

    found = read_sheet(tmp_path, FLEET, comment)
    assert found.chunk_with("Comment by Per on A2: Sold in 2030.").headings == ()


def test_a_strict_workbook_is_read(tmp_path: Path) -> None:
    read_sheet(tmp_path, FLEET)
    parts = parts_of(tmp_path / "book.xlsx")
    repack(tmp_path / "book.xlsx", {name: content.replace(TRANSITIONAL, STRICT) for name, content in parts.items()})
    assert "Boat: Gull, Fee: 55, Crew: 4" in extract(tmp_path / "book.xlsx").text


@pytest.mark.parametrize("name", ["book.xlsm", "book.xltx", "book.xltm"])
def test_templates_and_workbooks_with_macros_are_read(tmp_path: Path, name: str) -> None:
    read_sheet(tmp_path, FLEET)
    (tmp_path / "book.xlsx").rename(tmp_path / name)
    assert "Boat: Gull, Fee: 55, Crew: 4" in extract(tmp_path / name).text


def test_the_first_rows_of_a_long_table_name_all_its_rows(tmp_path: Path) -> None:
    found = read_sheet(tmp_path, [["Gauge", "Height"], *([f"G{number}", number / 7] for number in range(1500))])
    assert found.text.count("Gauge: G") == 1500
