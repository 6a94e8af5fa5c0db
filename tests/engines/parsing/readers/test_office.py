"""Word documents, presentations and workbooks: one written by python-docx, the others by LibreOffice."""

import re
from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import Extracted, extract, extract_checked
from tests.engines.parsing.safety.hostile_files import parts_of, repack
from tests.support.documents import files, samples
from tests.support.documents.samples import LIBREOFFICE_FILES

FOOTNOTE = "The inner quay was rebuilt in 1987 after the Candlemas storm."


def outline(found: Extracted) -> list[tuple[str, int, int | None]]:
    return [(heading.text, heading.level, heading.page) for heading in found.document.outline]


def test_a_word_document_has_headings_lists_tables_comments_and_page_headers(tmp_path: Path) -> None:
    facts = files.write_docx(tmp_path / "guide.docx").facts
    guide = extract_checked(tmp_path / "guide.docx")
    for fact in facts:
        assert guide.chunk_with(fact.quote)
    assert guide.chunk_with("Bolt Kestrel").headings == ("Fasteners", "Torques")
    assert [heading.level for heading in guide.document.outline] == [1, 2, 1]
    assert "- Climb with two ropes\n- Look at every weld" in guide.text
    assert "Comment by Bo Lind: Was 24 months before the storm." in guide.text
    assert "Page header: Fastening guide, third edition" in guide.text
    assert guide.chunk_with("Comment by").headings == ()
    assert guide.document.title == files.DOCX_TITLE
    assert guide.document.properties["author"] == "Ada Quist"
    assert guide.document.coverage.tables == 2


def test_a_word_document_of_libreoffice_has_each_footnote_once() -> None:
    harbour = extract_checked(LIBREOFFICE_FILES / "harbour.docx")
    assert outline(harbour) == [("Mooring", 1, None), ("Fees", 2, None), ("Notices in other languages", 1, None)]
    assert "- Two lines fore and two lines aft\n- Fenders on the side of the neighbour" in harbour.text
    fee = harbour.chunk_with("Length: up to 9 m, Summer: 215 kroner, Winter: 95 kroner")
    assert fee.headings == ("Mooring", "Fees")
    assert harbour.text.count(FOOTNOTE) == 1
    assert harbour.text.endswith(f"Footnote: {FOOTNOTE}")
    assert harbour.document.title == "Rules of the Fjellhavn harbour"


def test_the_slides_of_a_presentation_are_pages_with_notes() -> None:
    briefing = extract_checked(LIBREOFFICE_FILES / "briefing.pptx")
    assert outline(briefing) == [("Storm watch", 1, 1), ("Crews on call", 1, 2), ("Slide 3", 1, 3)]
    lifeboat = briefing.chunk_with("Crew: Lifeboat, Telephone: 4480")
    assert (lifeboat.page_start, lifeboat.headings) == (2, ("Crews on call",))
    note = briefing.chunk_with("Speaker notes on Storm watch: Mention that the siren was silent in 1987.")
    assert (note.page_start, note.headings) == (1, ())
    assert "عند العاصفة تُغلق البوابة الشرقية.\n\nבסערה השער המזרחי סגור.\n\n暴风雨时东门关闭。" in briefing.text
    coverage = briefing.document.coverage
    assert (coverage.pages, coverage.pages_with_text, coverage.tables) == (4, 3, 1)
    assert coverage.warnings == ("1 of 4 slides have no text: 4.",)


def test_a_presentation_without_text_is_rejected(tmp_path: Path) -> None:
    path = samples.write(tmp_path, "briefing.pptx")
    parts = parts_of(path)
    text_parts = [name for name in parts if re.fullmatch(r"ppt/(slides|notesSlides)/\w+\.xml", name)]
    repack(path, parts | {name: re.sub(rb"<a:t>[^<]*", b"<a:t>", parts[name]) for name in text_parts})
    with pytest.raises(DocumentUnreadable, match="no text") as failure:
        extract(path)
    assert failure.value.code is ErrorCode.NO_TEXT


def test_the_sheets_of_a_workbook_have_rows_with_formatted_values() -> None:
    tides = extract_checked(LIBREOFFICE_FILES / "tides.xlsx")
    assert outline(tides) == [("High water", 1, None), ("船", 1, None)]
    assert tides.text.split("\n\n")[2].split("\n") == [
        "Day: 2024-02-03, Height in m: 2.75, Chance of storm: 35%, Keeper: Sunniva",
        "Day: 2024-02-04, Height in m: 3, Keeper: سلمى",
        "Day: Mean, Height in m: 2.875",
    ]
    assert tides.chunk_with("船名: 海燕号, 长度: 8.4").headings == ("船",)
    assert tides.document.coverage.tables == 2
    assert tides.warnings == ("1 of 3 sheets are empty: 3.",)
    assert tides.document.title == "Tides of Fjellhavn"
