"""PDF files whose text is easily lost or mixed up: tables, forms, comments, attachments, hyphens and non-Latin scripts."""

from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract
from tests.support.difficult_pdfs import (
    table_texts,
    write_chinese,
    write_form,
    write_stamped,
    write_texts,
    write_xfa,
)

PARTS = [
    ("Code", "Item", "Stock", "Price"),
    *((f"Q-{500 + n}", f"Valve {n}", f"{3 * n + 40}", f"{n}") for n in range(1, 120)),
]
LEFTS = (80, 180, 340, 440)


def rows_on_pages(per_page: int) -> list[list[tuple[float, float, str]]]:
    """Return, for each page, the texts of a table that repeats its header and continues to the edge of the page.

    Each text comes with its position.
    """
    header, body = PARTS[0], PARTS[1:]
    groups = [body[start : start + per_page] for start in range(0, len(body), per_page)]
    return [table_texts([header, *group], LEFTS, top=820, pitch=20) for group in groups]


def test_no_value_of_a_long_table_is_taken_for_a_page_number(tmp_path: Path) -> None:
    text = extract(write_texts(tmp_path / "parts.pdf", rows_on_pages(39))).text
    for code, item, stock, price in PARTS[1:]:
        assert f"Code: {code}, Item: {item}, Stock: {stock}, Price: {price}\n" in f"{text}\n"


@pytest.mark.parametrize("order", ["right to left", "by columns", "from the foot"])
def test_the_order_in_which_a_table_is_drawn_does_not_matter(tmp_path: Path, order: str) -> None:
    texts = table_texts(PARTS[:9], LEFTS)
    keys = {
        "right to left": lambda each: (-each[1], -each[0]),
        "by columns": lambda each: (each[0], -each[1]),
        "from the foot": lambda each: (each[1], each[0]),
    }
    path = write_texts(tmp_path / "parts.pdf", [sorted(texts, key=keys[order])])
    assert extract(path).text.splitlines()[3] == "Code: Q-504, Item: Valve 4, Stock: 52, Price: 4"


def test_a_sheet_of_keys_and_values_has_no_header(tmp_path: Path) -> None:
    rows = [("Vessel", "Albatross"), ("Master", "Per Lund"), ("Call sign", "LK4471"), ("Built", "Holm, 1987")]
    path = write_texts(tmp_path / "sheet.pdf", [table_texts(rows, (80, 220))])
    assert extract(path).text.splitlines() == [f"{key}: {value}" for key, value in rows]


def test_hyphens_of_compounds_are_kept_and_those_of_divided_words_are_not(tmp_path: Path) -> None:
    lines = ["The pump is a low-", "noise one and the short-", "term plan needs the cross-the-", "board check of the equip-",
             "ment. The t-", "junction has part KX-", "3007, and the infor-", "mation is on the door."]  # fmt: skip
    path = write_texts(tmp_path / "hyphens.pdf", [[(72, 760 - 14 * n, line) for n, line in enumerate(lines)]])
    assert extract(path).text == (
        "The pump is a low-noise one and the short-term plan needs the cross-the-board check of the equipment. "
        "The t-junction has part KX-3007, and the information is on the door."
    )


@pytest.mark.parametrize("angle", [90, 270, 45, 180])
def test_a_rotated_stamp_is_text_and_not_a_heading(tmp_path: Path, angle: float) -> None:
    found = extract(write_stamped(tmp_path / "stamp.pdf", angle))
    assert [heading.text for heading in found.document.outline] == ["Tides"]
    assert "COPY OF 1931" in found.text
    assert all("COPY" not in heading for chunk in found.chunks for heading in chunk.headings)


def test_lines_of_chinese_are_joined_without_spaces(tmp_path: Path) -> None:
    path = write_chinese(tmp_path / "rules.pdf", ["船舶进港以前必须向港务局报", "告，并且在码头等候检查。"])
    assert extract(path).text == "船舶进港以前必须向港务局报告，并且在码头等候检查。"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("<form><berth>14</berth><owner>Siv Dahl</owner></form>", ["Number of the berth: 14", "owner: Siv Dahl"]),
        ("<form><crew><name>Arne</name></crew><crew><name>Ida</name></crew></form>", ["name: Arne", "name: Ida"]),
    ],
)
def test_the_values_of_an_xfa_form_are_read_with_their_captions(tmp_path: Path, data: str, expected: list[str]) -> None:
    caption = "<caption><value><text>Number of the berth:</text></value></caption>"
    found = extract(write_xfa(tmp_path / "form.pdf", f'<subform><field name="berth">{caption}</field></subform>', data))
    assert all(line in found.text.splitlines() for line in expected)
    assert any("XFA form" in warning for warning in found.document.coverage.warnings)


def test_an_xfa_form_without_values_is_named_in_a_warning(tmp_path: Path) -> None:
    found = extract(
        write_xfa(tmp_path / "form.pdf", '<subform><field name="berth"/></subform>', "<form><berth/></form>")
    )
    (warning,) = found.document.coverage.warnings
    assert "XFA form" in warning
    assert "was not read" in warning


def test_single_characters_in_a_font_outside_of_the_file_are_named(tmp_path: Path) -> None:
    """pdfium returns no character for a text in a font that is not embedded, if the width of the text is unknown."""
    with pytest.raises(DocumentUnreadable, match="a font that is not in the file"):
        extract(write_chinese(tmp_path / "column.pdf", "船舶进港"))


def test_a_listing_keeps_its_lines(tmp_path: Path) -> None:
    code = ["if depth > 4 {", "    open valve", "}", "close all"]
    path = write_texts(
        tmp_path / "code.pdf", [[(72, 760 - 12 * n, line) for n, line in enumerate(code)]] * 1, "Courier"
    )
    prose = [
        (72, 600 - 14 * n, "These words explain the listing above at some length, in a font of several widths.")
        for n in range(9)
    ]
    both = write_texts(tmp_path / "prose.pdf", [prose])
    with pypdfium2.PdfDocument(path) as document, pypdfium2.PdfDocument(both) as other:
        document.import_pages(other)
        document.save(tmp_path / "both.pdf")
    assert "\n".join(code) in extract(tmp_path / "both.pdf").text


def test_the_fields_of_a_form_follow_their_labels(tmp_path: Path) -> None:
    assert extract(write_form(tmp_path / "form.pdf")).text.splitlines() == [
        "Skipper: Siv Dahl",
        "Draught in metres: 1.9",
        "Insured: ☒",
        "Engine: ☐",
        "Remarks: Mast is laid",
    ]


def test_a_comment_is_read(tmp_path: Path) -> None:
    path = write_texts(tmp_path / "plain.pdf", [[(72, 700, "Berth list")]])
    with pypdfium2.PdfDocument(path) as document:
        page = document[0]
        note = pdfium.FPDFPage_CreateAnnot(page.raw, pdfium.FPDF_ANNOT_TEXT)
        text = "Berth 9 is taken.".encode("utf-16-le") + b"\0\0"
        pdfium.FPDFAnnot_SetStringValue(
            note, b"Contents", (pdfium.FPDF_WCHAR * (len(text) // 2)).from_buffer_copy(text)
        )
        pdfium.FPDFPage_CloseAnnot(note)
        document.save(tmp_path / "note.pdf")
    assert "Berth 9 is taken." in extract(tmp_path / "note.pdf").text


def test_attached_files_are_named_in_a_warning(tmp_path: Path) -> None:
    path = write_texts(tmp_path / "plain.pdf", [[(72, 700, "See the attached list.")]])
    with pypdfium2.PdfDocument(path) as document:
        document.new_attachment("berths.xlsx").set_data(b"x")
        document.save(tmp_path / "attached.pdf")
    (warning,) = extract(tmp_path / "attached.pdf").warnings
    assert warning == "1 attached files were not read: berths.xlsx. Upload them separately."


@pytest.mark.parametrize(
    "title", ["PowerPoint Presentation", "Word Document", "Microsoft Word - a.doc", "untitled", "plan.docx"]
)
def test_a_title_that_a_program_wrote_is_not_used(tmp_path: Path, title: str) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "titled.pdf"))
    canvas.setTitle(title)
    canvas.drawString(72, 700, "The harbour is deep.")
    canvas.save()
    assert extract(tmp_path / "titled.pdf").document.title is None
