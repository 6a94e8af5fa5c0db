"""PowerPoint presentations: shapes, tables, charts, notes and comments of every slide."""

from pathlib import Path

import pytest

from tests.engines.parsing.in_process import Extracted, extract, extract_checked
from tests.support.documents.office_packages import (
    NAMESPACES,
    SLIDES_TYPE,
    Package,
    chart,
    diagram,
    shape,
    slide,
    slide_cell,
    slide_table,
    slides,
)

_MACRO = "application/vnd.ms-powerpoint.{}.macroEnabled.main+xml"
_OTHER = "application/vnd.openxmlformats-officedocument.presentationml.{}.main+xml"
TITLE = shape("Watch", placeholder="title")


def read(folder: Path, package: Package) -> Extracted:
    return extract_checked(package.write(folder / "a.pptx"))


@pytest.mark.parametrize(
    ("name", "main_type"),
    [
        ("a.pptx", SLIDES_TYPE),
        ("a.ppsx", _OTHER.format("slideshow")),
        ("a.potx", _OTHER.format("template")),
        ("a.pptm", _MACRO.format("presentation")),
        ("a.ppsm", _MACRO.format("slideshow")),
        ("a.potm", _MACRO.format("template")),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_shows_templates_macros_and_strict_variants_are_read(
    tmp_path: Path, name: str, main_type: str, strict: bool
) -> None:
    package = slides(TITLE + slide_table(["Crew", "Phone"], ["Mole", "4471"], ["Boat", "4480"]))
    package.main_type = main_type
    found = extract_checked(package.write(tmp_path / name, strict=strict))
    assert found.text == "Watch\n\nCrew: Mole, Phone: 4471\nCrew: Boat, Phone: 4480"


def test_slides_are_read_in_the_order_of_the_show(tmp_path: Path) -> None:
    package = slides(shape("first", placeholder="title"), shape("second", placeholder="title"))
    listed = str(package.parts[package.main])
    package.parts[package.main] = listed.replace('"rId1"', '"x"').replace('"rId2"', '"rId1"').replace('"x"', '"rId2"')
    assert [(heading.text, heading.page) for heading in read(tmp_path, package).document.outline] == [
        ("second", 1),
        ("first", 2),
    ]


def test_grouped_shapes_and_text_boxes_are_read(tmp_path: Path) -> None:
    inner = f"<p:grpSp>{shape('deep')}</p:grpSp>"
    found = read(tmp_path, slides(f"{shape('one')}<p:grpSp>{shape('two')}{inner}</p:grpSp>{TITLE}"))
    assert found.text == "Watch\n\none\n\ntwo\n\ndeep"


def test_lists_have_markers(tmp_path: Path) -> None:
    numbered = '<a:pPr><a:buAutoNum type="alphaLcParenR" startAt="2"/></a:pPr>'
    package = slides(TITLE + shape("siren", "ropes", placeholder="body") + shape("north", "south", properties=numbered))
    assert read(tmp_path, package).text == "Watch\n\n- siren\n- ropes\n\nb) north\nc) south"


def test_merged_cells_of_slides_are_repeated(tmp_path: Path) -> None:
    package = slides(TITLE + slide_table(
        ["Ship", "Watch", "Mate"],
        [slide_cell("Petrel", 'rowSpan="2"'), "day", "Ida"],
        [slide_cell("", 'vMerge="1"'), "night", "Bo"],
        [slide_cell("all at sea", 'gridSpan="3"'), slide_cell("", 'hMerge="1"'), slide_cell("", 'hMerge="1"')],
    ))  # fmt: skip
    assert read(tmp_path, package).text.split("\n")[2:] == [
        "Ship: Petrel, Watch: day, Mate: Ida",
        "Ship: Petrel, Watch: night, Mate: Bo",
        "all at sea",
    ]


def test_charts_diagrams_and_alternative_texts_are_read(tmp_path: Path) -> None:
    package = slides("")
    part = "ppt/slides/slide1.xml"
    chart_id = package.relate(part, "chart", "ppt/charts/chart1.xml", chart("Catch", ["May", "June"], Cod=[4.5, 7.0]))
    data = package.relate(part, "diagramData", "ppt/diagrams/data1.xml", diagram(("Master", ""), ("Pilot", "Master")))
    frame = "<p:graphicFrame><a:graphic><a:graphicData>{}</a:graphicData></a:graphic></p:graphicFrame>"
    picture = '<p:pic><p:nvPicPr><p:cNvPr id="7" name="Picture 1" descr="The outer mole"/></p:nvPicPr></p:pic>'
    content = frame.format(f'<c:chart r:id="{chart_id}"/>') + frame.format(f'<dgm:relIds r:dm="{data}"/>') + picture
    package.parts[part] = slide(TITLE + content)
    found = read(tmp_path, package)
    assert "Chart: Catch\n\nMay, Cod: 4.5\nJune, Cod: 7\n\n- Master\n- Pilot\n\n[Image: The outer mole]" in found.text
    assert (found.document.coverage.pictures, found.document.coverage.tables) == (1, 1)


def test_notes_and_comments_of_both_forms_are_read(tmp_path: Path) -> None:
    package = slides(TITLE)
    part = "ppt/slides/slide1.xml"
    notes = slide(shape("Watch", placeholder="sldImg") + shape("Mention the siren.", placeholder="body"), root="notes")
    package.relate(part, "notesSlide", "ppt/notesSlides/notesSlide1.xml", notes)
    old = f'<p:cmLst {NAMESPACES}><p:cm authorId="0"><p:text>Too long.</p:text></p:cm></p:cmLst>'
    package.relate(part, "comments", "ppt/comments/comment1.xml", old)
    body = "<x:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></x:txBody>"
    reply = f'<x:replyLst><x:reply authorId="0">{body.format("Agreed.")}</x:reply></x:replyLst>'
    comment = f'<x:cm authorId="0">{reply}{body.format("Which siren?")}</x:cm>'
    modern = f'<x:cmLst xmlns:x="urn:x" {NAMESPACES}>{comment}</x:cmLst>'
    package.relate(part, "comments", "ppt/comments/modern1.xml", modern)
    authors = f'<p:cmAuthorLst {NAMESPACES}><p:cmAuthor id="0" name="Bo Lind"/></p:cmAuthorLst>'
    package.relate(package.main, "commentAuthors", "ppt/commentAuthors.xml", authors)
    text = read(tmp_path, package).text
    assert "Speaker notes on Watch: Mention the siren." in text
    assert [line for line in text.split("\n") if line.startswith("Comment")] == [
        "Comment by Bo Lind: Too long.",
        "Comment by Bo Lind: Which siren?",
        "Comment by Bo Lind: Agreed.",
    ]


def test_hidden_slides_are_read_and_empty_ones_are_named(tmp_path: Path) -> None:
    package = slides(TITLE, "", shape("Secret"))
    package.parts["ppt/slides/slide3.xml"] = slide(shape("Secret"), 'show="0"')
    found = read(tmp_path, package)
    assert found.text == "Watch\n\nSlide 3\n\nSecret"
    assert found.warnings == (
        "1 of 3 slides have no text: 2.",
        "1 of 3 slides are hidden in the show and were read: 3.",
    )


def test_footers_are_read_once(tmp_path: Path) -> None:
    footer = shape("Harbour board", placeholder="ftr") + shape("7", placeholder="sldNum")
    assert (
        read(tmp_path, slides(TITLE + footer, TITLE + footer)).text == "Watch\n\nWatch\n\nSlide footer: Harbour board"
    )


def test_embedded_objects_and_films_are_named(tmp_path: Path) -> None:
    package = slides(TITLE + '<p:graphicFrame><p:oleObj progId="Excel.Sheet.12"/></p:graphicFrame>')
    package.parts["ppt/embeddings/book.xlsx"] = b"x"
    package.parts["ppt/media/storm.mp4"] = b"x"
    assert extract(package.write(tmp_path / "a.pptx")).warnings == (
        "An embedded object was not read: Excel.Sheet.12.",
        "Embedded files were not read: book.xlsx. Upload them as separate documents.",
        "Sounds and films were not read: storm.mp4.",
    )


def test_equations_of_slides_that_cannot_be_converted_are_named(tmp_path: Path) -> None:
    equation = "<m:oMath><m:d><m:e><m:r><m:t>v2</m:t></m:r></m:e></m:d></m:oMath>"
    math = f'<a14:m xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main">{equation}</a14:m>'
    paragraph = f"<a:p><a:r><a:t>Speed </a:t></a:r>{math}</a:p>"
    package = slides(TITLE + shape("Crane").replace("</p:txBody>", f"{paragraph}</p:txBody>"))
    found = read(tmp_path, package)
    assert "Speed v2" in found.text
    assert found.warnings == ("1 equation was read without structure, such as fractions and roots.",)
