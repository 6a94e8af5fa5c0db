"""Workbooks in other formats than XLSX: OpenDocument, and the binary formats of Excel."""

from collections.abc import Callable
from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract, extract_checked
from tests.support.documents import samples
from tests.support.documents.binary_sheets import BOATS, write_xls, write_xlsb
from tests.support.documents.samples import LIBREOFFICE_FILES, ODS_PARTS, write_parts


@pytest.mark.parametrize(("name", "write"), [("fleet.xls", write_xls), ("fleet.xlsb", write_xlsb)])
def test_a_binary_workbook_has_values_as_they_are_shown(tmp_path: Path, name: str, write: Callable[..., None]) -> None:
    write(tmp_path / name, BOATS)
    fleet = extract_checked(tmp_path / name)
    assert fleet.text.startswith(
        "Fleet\n\nBoat: Petrel, Share: 12.5%, Fee: 40.00 €\nBoat: Gull, Share: 50.0%, Fee: 55.50 €"
    )
    assert fleet.document.outline[0].text == "Fleet"


@pytest.mark.parametrize(("name", "write"), [("fleet.xls", write_xls), ("fleet.xlsb", write_xlsb)])
def test_a_merged_cell_of_a_binary_workbook_applies_to_all_its_rows(
    tmp_path: Path, name: str, write: Callable[..., None]
) -> None:
    rows = (("Ship", "Role", "Name"), ("Petrel", "Cook", "Ida"), ("", "Mate", "Per"))
    write(tmp_path / name, rows, merged=(1, 2, 0, 0))
    assert "Ship: Petrel, Role: Mate, Name: Per" in extract(tmp_path / name).text


def test_a_hidden_sheet_of_an_old_workbook_is_read_and_named(tmp_path: Path) -> None:
    write_xls(tmp_path / "fleet.xls", BOATS)
    fleet = extract(tmp_path / "fleet.xls")
    assert "code 7719" in fleet.text
    assert fleet.warnings == ("1 of 2 sheets are hidden in the program and were read: 2.",)


def test_a_flat_spreadsheet_is_read() -> None:
    tides = extract_checked(LIBREOFFICE_FILES / "sources" / "tides.fods")
    assert "Day: 2024-02-03, Height in m: 2.75, Chance of storm: 35%, Keeper: Sunniva" in tides.text
    assert "船名: 海燕号, 长度: 8.4" in tides.text
    assert tides.document.media_type == "application/vnd.oasis.opendocument.spreadsheet-flat-xml"


def ods(folder: Path, rows: str, styles: str = "") -> Path:
    """Write a spreadsheet with these rows in XML."""
    start, _, rest = ODS_PARTS["content.xml"].partition("<table:table-row>")
    end = rest.rpartition("</table:table-row>")[2]
    content = start.replace(
        "<office:body>", f"<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
    )
    write_parts(folder / "book.ods", ODS_PARTS | {"content.xml": content + rows + end})
    return folder / "book.ods"


def ods_row(*cells: str, attributes: str = "") -> str:
    texts = (f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in cells)
    inside = "".join(cell if cell.startswith("<") else text for cell, text in zip(cells, texts, strict=True))
    return f"<table:table-row {attributes}>{inside}</table:table-row>"


def test_repeated_and_merged_cells_are_repeated(tmp_path: Path) -> None:
    spanned = '<table:table-cell table:number-rows-spanned="2"><text:p>Petrel</text:p></table:table-cell>'
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    twice = '<table:table-cell table:number-columns-repeated="2"><text:p>4</text:p></table:table-cell>'
    rows = [
        ods_row("Ship", "May", "June"), ods_row(spanned, twice), ods_row("<table:covered-table-cell/>", "5", "6"),
        ods_row("Gull", twice, attributes='table:number-rows-repeated="2"'),
        ods_row(empty, attributes='table:number-rows-repeated="1048000"'),
    ]  # fmt: skip
    assert extract(ods(tmp_path, "".join(rows))).text.split("\n")[2:] == [
        "Ship: Petrel, May: 4, June: 4", "Ship: Petrel, May: 5, June: 6",
        "Ship: Gull, May: 4, June: 4", "Ship: Gull, May: 4, June: 4",
    ]  # fmt: skip


def test_comments_and_formulas_without_a_result_are_read(tmp_path: Path) -> None:
    note = "<office:annotation><text:p>Sold.</text:p></office:annotation>"
    comment = f"<table:table-cell>{note}<text:p>Petrel</text:p></table:table-cell>"
    formula = '<table:table-cell table:formula="of:=[.B2]*2"/>'
    found = extract(ods(tmp_path, ods_row("Boat", "Fee", "Twice") + ods_row(comment, "40", formula)))
    assert "Boat: Petrel, Fee: 40, Twice: =[.B2]*2" in found.text
    assert found.text.endswith("Comment: Sold.")
    assert found.warnings[0].startswith("Sheet “Gulls”: 1 cells have a formula without a stored result")


def test_an_encrypted_spreadsheet_is_rejected_with_advice(tmp_path: Path) -> None:
    manifest = {"META-INF/manifest.xml": "<manifest><file-entry><encryption-data/></file-entry></manifest>"}
    write_parts(tmp_path / "safe.ods", ODS_PARTS | manifest)
    with pytest.raises(DocumentUnreadable, match="Remove the password") as failure:
        extract(tmp_path / "safe.ods")
    assert failure.value.code is ErrorCode.ENCRYPTED_DOCUMENT


def test_a_spreadsheet_has_its_title(tmp_path: Path) -> None:
    meta = (
        '<office:document-meta xmlns:office="o" xmlns:dc="d"><dc:title>Gulls of 2031</dc:title></office:document-meta>'
    )
    write_parts(tmp_path / "gulls.ods", ODS_PARTS | {"meta.xml": meta})
    assert extract(tmp_path / "gulls.ods").document.title == "Gulls of 2031"
    assert extract(samples.write(tmp_path, "gulls.ods")).document.title == "Gulls"
