"""Tables of Word documents: nested tables, merged cells, header rows, forms, and tables outside of the body."""

from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import Extracted, extract, extract_checked
from tests.support.documents.office_packages import NAMESPACES, merged, paragraph, set_body, table, word


def read(folder: Path, body: str) -> Extracted:
    return extract_checked(word(body).write(folder / "a.docx"))


def test_a_table_in_a_cell_is_read_at_any_depth(tmp_path: Path) -> None:
    inner = table(["Length", "Depth"], ["23 m", "2.8 m"], ["9 m", "1.1 m"])
    middle = table(["Berth", "Size"], ["7", inner + paragraph("")])
    found = read(tmp_path, table(["Part", "Place", "Details"], ["Jetty", "north", middle], ["Ramp", "south", "none"]))
    sizes = "Length: 23 m, Depth: 2.8 m; Length: 9 m, Depth: 1.1 m"
    assert f"Part: Jetty, Place: north, Details: Berth: 7, Size: {sizes}" in found.text
    assert "Part: Ramp, Place: south, Details: none" in found.text


def test_merged_cells_have_their_value_in_every_row(tmp_path: Path) -> None:
    found = read(tmp_path, table(
        ["Ship", "Watch", "Mate"],
        [merged("Petrel", merge="restart"), "day", "Ida"],
        [merged("", merge="continue"), "night", "Bo"],
        [merged("in the dock", columns=3)],
    ))  # fmt: skip
    assert found.text.split("\n") == [
        "Ship: Petrel, Watch: day, Mate: Ida",
        "Ship: Petrel, Watch: night, Mate: Bo",
        "in the dock",
    ]


def test_header_rows_of_two_levels_are_joined(tmp_path: Path) -> None:
    rows = [
        [merged("Plant", merge="restart"), merged("First half", columns=2), merged("Second half", columns=2)],
        [merged("", merge="continue"), "Plan", "Actual", "Plan", "Actual"],
        ["Skerry", "100", "97", "110", "112"],
    ]
    expected = (
        "Plant: Skerry, First half Plan: 100, First half Actual: 97, Second half Plan: 110, Second half Actual: 112"
    )
    assert read(tmp_path, table(*rows)).text == expected
    assert read(tmp_path, table(*rows, header_rows=2)).text == expected
    assert read(tmp_path, table(*rows, header_rows=1)).text == expected


def test_a_title_over_a_table_is_no_column_name(tmp_path: Path) -> None:
    found = read(tmp_path, table([merged("Fees 2031", columns=3)], ["Boat", "Day", "Week"], ["dinghy", "9", "40"]))
    assert found.text == "Fees 2031\nBoat: dinghy, Day: 9, Week: 40"


def test_the_names_of_a_form_stand_in_its_first_column(tmp_path: Path) -> None:
    found = read(tmp_path, table(["Name", "Stormy Petrel"], ["Owner", "Ida Holm"], ["Draught", "1.8 m"]))
    assert found.text == "Name: Stormy Petrel\nOwner: Ida Holm\nDraught: 1.8 m"


def test_a_key_over_several_rows_is_repeated(tmp_path: Path) -> None:
    rows = (["Name", "Petrel"], [merged("Owners", merge="restart"), "Ida"], [merged("", merge="continue"), "Bo"])
    assert read(tmp_path, table(*rows)).text == "Name: Petrel\nOwners: Ida\nOwners: Bo"


@pytest.mark.parametrize("names", [["Task", "Phase 1", "Phase 2"], ["Tab1", "Tab2", "Tab3"], ["Item", "2031", "2032"]])
def test_numbered_names_and_years_are_column_names(tmp_path: Path, names: list[str]) -> None:
    row = ["Hull", "12", "7"] if names[0] != "Tab1" else ["done", "open", "late"]
    expected = ", ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=True))
    assert read(tmp_path, table(names, row, row)).text == f"{expected}\n{expected}"


def test_rows_and_cells_in_content_controls_are_read(tmp_path: Path) -> None:
    cell = f"<w:sdt><w:sdtContent><w:tc>{paragraph('12')}</w:tc></w:sdtContent></w:sdt>"
    row = f"<w:tr><w:tc>{paragraph('Ida')}</w:tc>{cell}</w:tr>"
    body = f"<w:tbl><w:tr><w:tc>{paragraph('Name')}</w:tc><w:tc>{paragraph('Age')}</w:tc></w:tr>"
    body += f"<w:sdt><w:sdtContent>{row}{row.replace('Ida', 'Bo')}</w:sdtContent></w:sdt></w:tbl>"
    assert read(tmp_path, body).text == "Name: Ida, Age: 12\nName: Bo, Age: 12"


def test_tables_of_headers_footers_and_notes_are_read(tmp_path: Path) -> None:
    package = word("")
    grid = table(["Contract no.", "HB-2031-77"], ["Revision", "C"])
    header = package.relate(package.main, "header", "word/header1.xml", f"<w:hdr {NAMESPACES}>{grid}</w:hdr>")
    footer = package.relate(package.main, "footer", "word/footer1.xml", f"<w:ftr {NAMESPACES}>{grid}</w:ftr>")
    note = f'<w:footnote w:id="2">{paragraph("See the plan.")}{grid}</w:footnote>'
    separator = f'<w:footnote w:type="separator" w:id="0">{paragraph("---")}</w:footnote>'
    notes = f"<w:footnotes {NAMESPACES}>{separator}{note}</w:footnotes>"
    package.relate(package.main, "footnotes", "word/footnotes.xml", notes)
    notes = f"<w:endnotes {NAMESPACES}><w:endnote>{grid}</w:endnote></w:endnotes>"
    package.relate(package.main, "endnotes", "word/endnotes.xml", notes)
    comment = (
        f'<w:comments {NAMESPACES}><w:comment w:author="Bo Lind">{paragraph("Too dear.")}</w:comment></w:comments>'
    )
    package.relate(package.main, "comments", "word/comments.xml", comment)
    sections = f'<w:headerReference w:type="first" r:id="{header}"/><w:footerReference w:type="even" r:id="{footer}"/>'
    body = f"{paragraph('Lease.')}<w:sectPr>{sections}</w:sectPr>"
    set_body(package, body)
    found = extract_checked(package.write(tmp_path / "a.docx"))
    lines = "Contract no.: HB-2031-77\nRevision: C"
    for label in ("First page header", "Footnote: See the plan.\n", "Endnote"):
        assert f"{label}: {lines}".replace("\n: ", "\n") in found.text
    assert "Comment by Bo Lind: Too dear." in found.text
    assert "---" not in found.text


def test_deeply_nested_tables_are_rejected(tmp_path: Path) -> None:
    body = paragraph("core")
    for _ in range(80):
        body = f"<w:tbl><w:tr><w:tc>{body}</w:tc></w:tr></w:tbl>"
    with pytest.raises(DocumentUnreadable, match="nested") as failure:
        extract(word(body).write(tmp_path / "a.docx"))
    assert failure.value.code is ErrorCode.PARSER_LIMIT
