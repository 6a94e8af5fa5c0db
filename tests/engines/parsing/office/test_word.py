"""Word documents: everything that a reader of the document sees is read, or named in a warning."""

from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import Extracted, extract, extract_checked
from tests.support.documents.office_packages import (
    NAMESPACES,
    WORD_TYPE,
    chart,
    diagram,
    paragraph,
    set_body,
    table,
    word,
)  # fmt: skip

MACRO_TYPE = "application/vnd.ms-word.document.macroEnabled.main+xml"
TEMPLATE_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
MACRO_TEMPLATE_TYPE = "application/vnd.ms-word.template.macroEnabledTemplate.main+xml"


RUN = '<w:r><w:t xml:space="preserve">{}</w:t></w:r>'


def read(folder: Path, body: str) -> Extracted:
    return extract_checked(word(body).write(folder / "a.docx"))


@pytest.mark.parametrize(
    ("name", "main_type"),
    [("a.docm", MACRO_TYPE), ("a.dotx", TEMPLATE_TYPE), ("a.dotm", MACRO_TEMPLATE_TYPE), ("a.docx", WORD_TYPE)],
)
@pytest.mark.parametrize("strict", [False, True])
def test_macro_template_and_strict_variants_are_read(tmp_path: Path, name: str, main_type: str, strict: bool) -> None:
    body = paragraph("The crane lifts nine tonnes.") + table(["Part", "Length"], ["Jetty", "23 m"], ["Ramp", "9 m"])
    path = word(body, main_type=main_type).write(tmp_path / name, strict=strict)
    assert (
        extract_checked(path).text
        == "The crane lifts nine tonnes.\n\nPart: Jetty, Length: 23 m\nPart: Ramp, Length: 9 m"
    )


def test_the_macros_of_a_document_are_named(tmp_path: Path) -> None:
    package = word(paragraph("x"), main_type=MACRO_TYPE)
    package.parts["word/vbaProject.bin"] = b"macro"
    assert extract(package.write(tmp_path / "a.docm")).warnings == ("The macros of the file were not read.",)


def test_comments_and_instructions_of_xml_are_skipped(tmp_path: Path) -> None:
    found = read(tmp_path, f"<!-- made --><?template x?>{paragraph('Dogs <!-- c -->are on a leash.')}<?end?>")
    assert found.text == "Dogs are on a leash."


CHECKED = '<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="{}"/></w14:checkbox></w:sdtPr><w:sdtContent/></w:sdt>'
FORM_FIELD = (
    '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="0"/>{}</w:checkBox></w:ffData>'
    '</w:fldChar><w:instrText>FORMCHECKBOX</w:instrText><w:fldChar w:fldCharType="end"/></w:r>'
)
SYMBOL = '<w:r><w:sym w:font="Wingdings" w:char="{}"/></w:r>'
IN_FONT = '<w:r><w:rPr><w:rFonts w:ascii="Wingdings"/></w:rPr><w:t>{}</w:t></w:r>'


@pytest.mark.parametrize(
    ("box", "ticked", "empty"),
    [(CHECKED, "1", "0"), (FORM_FIELD, "<w:checked/>", ""), (SYMBOL, "F0FE", "F0A8"), (IN_FONT, "x", "o")],
    ids=["control", "form field", "symbol", "font"],
)
def test_ticked_and_empty_boxes_differ(tmp_path: Path, box: str, ticked: str, empty: str) -> None:
    line = '<w:p>{}<w:r><w:t xml:space="preserve"> {}</w:t></w:r></w:p>'
    body = line.format(box.format(ticked), "Chain greased") + line.format(box.format(empty), "Hull painted")
    assert read(tmp_path, body).text == "☒ Chain greased\n\n☐ Hull painted"


def test_fields_show_their_results_and_choices(tmp_path: Path) -> None:
    choice = '<w:ddList><w:result w:val="1"/><w:listEntry w:val="pier"/><w:listEntry w:val="buoy"/></w:ddList>'
    begin, separate, end = (f'<w:r><w:fldChar w:fldCharType="{each}"/></w:r>' for each in ("begin", "separate", "end"))
    nested = f"{begin}<w:r><w:t>hidden operand</w:t></w:r>{end}"
    body = (
        '<w:p><w:r><w:t xml:space="preserve">Place: </w:t></w:r>'
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{choice}</w:ffData></w:fldChar></w:r>{end}</w:p>'
        f"<w:p>{begin}<w:r><w:instrText>IF x</w:instrText></w:r>{nested}{separate}<w:r><w:t>14 May</w:t></w:r>{end}</w:p>"
        '<w:p><w:fldSimple w:instr="DATE"><w:r><w:t>17 May</w:t></w:r></w:fldSimple></w:p>'
    )
    assert read(tmp_path, body).text == "Place: buoy\n\n14 May\n\n17 May"


def test_tracked_changes_are_read_as_accepted(tmp_path: Path) -> None:
    deleted = "<w:del><w:r><w:delText>500</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>old</w:t></w:r></w:moveFrom>"
    added = f"<w:ins>{RUN.format('620')}</w:ins><w:moveTo>{RUN.format(' crowns')}</w:moveTo>"
    row = "<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p><w:r><w:t>gone</w:t></w:r></w:p></w:tc></w:tr>"
    found = read(tmp_path, f"<w:p>{deleted}{added}</w:p><w:tbl>{row}</w:tbl>")
    assert found.text == "620 crowns"
    assert found.warnings == ("Tracked changes were read as accepted: 2 deletions were left out.",)


def test_hidden_text_is_read_and_counted(tmp_path: Path) -> None:
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>the code is 7719</w:t></w:r>"
    found = read(tmp_path, f"<w:p>{hidden}</w:p>")
    assert found.text == "the code is 7719"
    assert found.warnings == ("4 hidden words were read.",)


BOX = "<wps:wsp><wps:txbx><w:txbxContent>{}</w:txbxContent></wps:txbx></wps:wsp>"


def test_text_boxes_and_grouped_shapes_are_read_once(tmp_path: Path) -> None:
    first, second = BOX.format(paragraph("Call 112-7.")), BOX.format(table(["Pier", "9 m"], ["Ramp", "4 m"]))
    drawing = f"<w:drawing><wp:anchor><wpg:wgp>{first}<wpg:grpSp>{second}</wpg:grpSp></wpg:wgp></wp:anchor></w:drawing>"
    content = f"<w:txbxContent>{paragraph('Call 112-7.')}</w:txbxContent>"
    old = f"<w:pict><v:shape><v:textbox>{content}</v:textbox></v:shape></w:pict>"
    versions = f'<mc:Choice Requires="wpg">{drawing}</mc:Choice><mc:Fallback>{old}</mc:Fallback>'
    run = f"<w:r><w:t>Rules</w:t><mc:AlternateContent>{versions}</mc:AlternateContent></w:r>"
    found = read(tmp_path, f"<w:p>{run}</w:p><w:p><w:r>{old.replace('112-7', '113')}</w:r></w:p>")
    assert found.text == "Rules\n\nCall 112-7.\n\nPier: 9 m\nRamp: 4 m\n\nCall 113."


def test_charts_and_diagrams_are_read(tmp_path: Path) -> None:
    package = word("")
    chart_id = package.relate(
        package.main, "chart", "word/charts/chart1.xml", chart("Catch", ["May", "June"], Cod=[4.5, 7.0])
    )
    data = diagram(("Harbour master", ""), ("Pilot", "Harbour master"), ("Diver", "Pilot"), ("Clerk", "Harbour master"))
    data_id = package.relate(package.main, "diagramData", "word/diagrams/data1.xml", data)
    graphics = f'<c:chart r:id="{chart_id}"/><dgm:relIds r:dm="{data_id}"/>'
    described = '<wp:docPr id="1" name="x" descr="Catch by month"/>'
    body = f"<w:p><w:r><w:drawing><wp:inline>{described}{graphics}</wp:inline></w:drawing></w:r></w:p>"
    set_body(package, body)
    found = extract_checked(package.write(tmp_path / "a.docx"))
    assert "[Image: Catch by month]" in found.text
    assert "Chart: Catch\n\nMay, Cod: 4.5\nJune, Cod: 7" in found.text
    assert found.text.endswith("- Harbour master\n- Pilot\n- Diver\n- Clerk")


def test_equations_are_read_as_latex(tmp_path: Path) -> None:
    parts = "<m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den>"
    fraction = f"<m:oMath><m:f>{parts}</m:f></m:oMath>"
    body = f"<w:p>{RUN.format('Slope ')}{fraction}</w:p><w:p><m:oMathPara>{fraction}</m:oMathPara></w:p>"
    found = read(tmp_path, body)
    assert found.text == "Slope $\\frac{a}{b}$\n\n$\\frac{a}{b}$"
    assert found.warnings == ()


@pytest.mark.parametrize(
    "equation",
    [
        pytest.param("<m:d><m:e><m:r><m:t>v2</m:t></m:r></m:e></m:d>", id="docling raises KeyError"),
        pytest.param(
            '<m:acc><m:accPr><m:chr m:val="Q"/></m:accPr><m:e><m:r><m:t>v2</m:t></m:r></m:e></m:acc>',
            id="docling loses the letter below the accent",
        ),
    ],
)
def test_equations_that_cannot_be_converted_are_read_as_characters_and_named(tmp_path: Path, equation: str) -> None:
    found = read(tmp_path, f"<w:p>{RUN.format('Speed ')}<m:oMath>{equation}</m:oMath></w:p>")
    assert found.text == "Speed v2"
    assert found.warnings == ("1 equation was read without structure, such as fractions and roots.",)


def test_equations_without_characters_are_named(tmp_path: Path) -> None:
    found = read(tmp_path, f"<w:p>{RUN.format('Speed')}<m:oMath><m:r/></m:oMath></w:p>")
    assert found.warnings == ("1 equation could not be read.",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("word/part.html", "<html><body><p>Nets are mended on Monday.</p><table><tr><th>Net</th><th>Mesh</th></tr>"
         "<tr><td>cod</td><td>90</td></tr></table></body></html>"),
        ("word/part.mht", 'MIME-Version: 1.0\nContent-Type: text/html; charset="utf-8"\n\n<p>Nets are mended on Monday.</p>'
         "<table><tr><th>Net</th><th>Mesh</th></tr><tr><td>cod</td><td>90</td></tr></table>"),
        ("word/part.txt", "Nets are mended on Monday.\n\nNet: cod, Mesh: 90"),
        ("word/part.rtf", r"{\rtf1 Nets are mended on Monday.\par Net: cod, Mesh: 90\par}"),
    ],
)  # fmt: skip
def test_included_documents_are_read(tmp_path: Path, name: str, content: str) -> None:
    package = word("")
    id_ = package.relate(package.main, "aFChunk", name, content)
    body = f'{paragraph("Before.")}<w:altChunk r:id="{id_}"/>{paragraph("After.")}'
    set_body(package, body)
    found = extract_checked(package.write(tmp_path / "a.docx"))
    assert found.text == "Before.\n\nNets are mended on Monday.\n\nNet: cod, Mesh: 90\n\nAfter."


def test_an_included_word_document_is_read(tmp_path: Path) -> None:
    inner = word(paragraph("Inner.")).write(tmp_path / "inner.docx").read_bytes()
    package = word("")
    id_ = package.relate(package.main, "aFChunk", "word/afchunk.docx", inner)
    unknown = package.relate(package.main, "aFChunk", "word/afchunk.bin", b"\0\1\2")
    body = f'<w:altChunk r:id="{id_}"/><w:altChunk r:id="{unknown}"/>{paragraph("Outer.")}'
    set_body(package, body)
    found = extract_checked(package.write(tmp_path / "a.docx"))
    assert found.text == "Inner.\n\nOuter."
    assert found.warnings == ("An included document was not read: afchunk.bin. Upload it as a separate document.",)


def test_headings_have_levels_and_lists_have_the_numbers_that_word_shows(tmp_path: Path) -> None:
    package = word("")
    styles = (
        '<w:style w:type="paragraph" w:styleId="U1"><w:name w:val="Überschrift 1"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="X"><w:name w:val="My style"/><w:basedOn w:val="O2"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="O2"><w:name w:val="o"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
    )
    package.relate(package.main, "styles", "word/styles.xml", f"<w:styles {NAMESPACES}>{styles}</w:styles>")
    levels = (
        '<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>'
    )
    numbers = f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
    numbers += '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    package.relate(
        package.main, "numbering", "word/numbering.xml", f"<w:numbering {NAMESPACES}>{numbers}</w:numbering>"
    )
    item = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="1"/></w:numPr>'
    body = paragraph("Mooring", "U1") + paragraph("Fees", "X")
    items = [("one", 0), ("two", 0), ("deep", 1), ("three", 0)]
    body += "".join(paragraph(text, properties=item.format(level)) for text, level in items)
    set_body(package, body)
    found = extract_checked(package.write(tmp_path / "a.docx"))
    assert [(heading.text, heading.level) for heading in found.document.outline] == [("Mooring", 1), ("Fees", 2)]
    assert found.text.endswith("3. one\n4. two\n4.a) deep\n5. three")


def test_listings_keep_their_lines(tmp_path: Path) -> None:
    font = '<w:p><w:r><w:rPr><w:rFonts w:ascii="Consolas"/></w:rPr><w:t xml:space="preserve">{}</w:t></w:r></w:p>'
    body = "".join(map(font.format, ("def fee(days):", "    return 41 * days", "Typed by hand")))
    found = read(tmp_path, body + paragraph("Prose.") + font.format("A memo on an old machine"))
    assert found.text == "def fee(days):\n    return 41 * days\nTyped by hand\n\nProse.\n\nA memo on an old machine"


def test_links_show_their_addresses(tmp_path: Path) -> None:
    package = word("")
    id_ = package.relate(package.main, "hyperlink", "https://harbour.example/fees.pdf")
    body = f'<w:p><w:hyperlink r:id="{id_}"><w:r><w:t>the fees</w:t></w:r></w:hyperlink></w:p>'
    set_body(package, body)
    assert extract_checked(package.write(tmp_path / "a.docx")).text == "the fees (https://harbour.example/fees.pdf)"


def test_unread_parts_are_named(tmp_path: Path) -> None:
    package = word(paragraph("x") + '<w:p><w:r><w:object><o:OLEObject ProgID="Visio.Drawing"/></w:object></w:r></w:p>')
    package.parts["word/embeddings/plan.bin"] = b"x"
    found = extract(package.write(tmp_path / "a.docx"))
    assert found.warnings == (
        "1 embedded objects were not read: Visio.Drawing.",
        "Embedded files were not read: plan.bin. Upload them as separate documents.",
    )


@pytest.mark.parametrize(
    "title", ["Word Document", "Microsoft Word - rules.doc", "Document1", "Untitled", "PowerPoint Presentation"]
)
def test_a_title_that_a_program_made_is_no_title(tmp_path: Path, title: str) -> None:
    package = word(paragraph("Rules of the harbour", properties='<w:outlineLvl w:val="0"/>') + paragraph("Dogs."))
    package.parts["docProps/core.xml"] = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></cp:coreProperties>'
    )
    assert extract(package.write(tmp_path / "a.docx")).document.title == "Rules of the harbour"


def test_a_document_with_a_damaged_body_is_rejected(tmp_path: Path) -> None:
    package = word(paragraph("x"))
    package.parts[package.main] = str(package.parts[package.main])[:-40]
    with pytest.raises(DocumentUnreadable, match="no valid XML") as failure:
        extract(package.write(tmp_path / "a.docx"))
    assert failure.value.code is ErrorCode.CORRUPT_DOCUMENT
