"""Documents that LibreOffice made (see `specimens/make_specimens.py`): what a person sees in them comes out, in order."""

import pytest

from tests.engines.parsing.extracting import Extracted, check_chunks, extract
from tests.support.samples import SPECIMENS

ARABIC = "يُمنع الصيد من الرصيف الداخلي بعد غروب الشمس."
HEBREW = "אסור לדוג מהרציף הפנימי אחרי השקיעה."
JAPANESE = "日没後は内側の岸壁で釣りをしないでください。"
CHINESE = "日落之后禁止在内码头钓鱼。"
KOREAN = "해가 진 뒤에는 안쪽 부두에서 낚시할 수 없습니다."
FOOTNOTE = "The inner quay was rebuilt in 1987 after the Candlemas storm."


def read(name: str) -> Extracted:
    found = extract(SPECIMENS / name)
    check_chunks(found.text, found.chunks)
    return found


def outline(found: Extracted) -> list[tuple[str, int, int | None]]:
    return [(heading.text, heading.level, heading.page) for heading in found.document.outline]


@pytest.mark.parametrize("name", ["harbour.docx", "harbour.epub"])
def test_scripts_of_all_directions_come_out_whole_and_in_order(name: str) -> None:
    text = read(name).text
    places = [text.index(notice) for notice in (ARABIC, HEBREW, JAPANESE, CHINESE, KOREAN)]
    assert places == sorted(places)


def test_a_word_document_has_its_headings_lists_tables_and_each_footnote_once() -> None:
    harbour = read("harbour.docx")
    assert outline(harbour) == [("Mooring", 1, None), ("Fees", 2, None), ("Notices in other languages", 1, None)]
    assert "- Two lines fore and two lines aft\n- Fenders on the side of the neighbour" in harbour.text
    fee = harbour.chunk_with("Length: up to 9 m, Summer: 215 kroner, Winter: 95 kroner")
    assert fee.headings == ("Mooring", "Fees")
    assert harbour.text.count(FOOTNOTE) == 1
    assert harbour.text.endswith(f"Footnote: {FOOTNOTE}")
    assert harbour.document.title == "Rules of the Fjellhavn harbour"


def test_a_book_takes_headings_from_its_contents_where_its_text_marks_none() -> None:
    harbour = read("harbour.epub")
    assert outline(harbour) == [("Mooring", 1, None), ("Notices in other languages", 1, None)]
    assert harbour.text.count("Mooring") == 1
    assert "at the inner quay[1] and pays by the night." in harbour.text
    assert f"[1] {FOOTNOTE}" in harbour.text
    assert "up to 9 m, 215 kroner, 95 kroner" in harbour.text
    assert harbour.document.properties["author"] == "Sunniva Aas"


def test_a_presentation_has_slides_as_pages_and_notes_beside_them() -> None:
    briefing = read("briefing.pptx")
    assert outline(briefing) == [("Storm watch", 1, 1), ("Crews on call", 1, 2), ("Slide 3", 1, 3)]
    lifeboat = briefing.chunk_with("Crew: Lifeboat, Telephone: 4480")
    assert (lifeboat.page_start, lifeboat.headings) == (2, ("Crews on call",))
    note = briefing.chunk_with("Speaker notes on Storm watch: Mention that the siren was silent in 1987.")
    assert (note.page_start, note.headings) == (1, ())
    assert "عند العاصفة تُغلق البوابة الشرقية.\n\nבסערה השער המזרחי סגור.\n\n暴风雨时东门关闭。" in briefing.text
    coverage = briefing.document.coverage
    assert (coverage.pages, coverage.pages_with_text, coverage.tables) == (4, 3, 1)
    assert coverage.warnings == ("1 of 4 slides have no text, or are hidden: 4.",)


def test_a_workbook_is_read_by_sheets_and_rows_with_values_as_people_see_them() -> None:
    tides = read("tides.xlsx")
    assert outline(tides) == [("High water", 1, None), ("船", 1, None)]
    assert tides.text.split("\n\n")[2].split("\n") == [
        "Day: 2024-02-03, Height in m: 2.75, Chance of storm: 35%, Keeper: Sunniva",
        "Day: 2024-02-04, Height in m: 3, Keeper: سلمى",
        "Day: Mean, Height in m: 2.875",
    ]
    assert tides.chunk_with("船名: 海燕号, 长度: 8.4").headings == ("船",)
    assert tides.document.coverage.tables == 2
    assert tides.document.coverage.warnings == ("1 of 3 sheets are empty: 3.",)
    assert tides.document.title == "Tides of Fjellhavn"


def test_specimens_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for path in SPECIMENS.iterdir() if path.is_file()}
    assert len(sizes) >= 5
    assert max(sizes.values()) < 40 * 1024
