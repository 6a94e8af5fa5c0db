"""OpenDocument text and presentations, as packages and as flat files."""

from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import Extracted, extract, extract_checked
from tests.engines.parsing.safety.hostile_files import parts_of, repack
from tests.support.documents.open_documents import (
    NAMESPACES,
    PRESENTATION,
    cell_of,
    row,
    table,
    write_flat,
    write_odp,
    write_odt,
)

COVERED = "<table:covered-table-cell/>"


def read(
    folder: Path, body: str, styles: str = "", masters: str = "", parts: dict[str, str] | None = None
) -> Extracted:
    return extract_checked(write_odt(folder / "a.odt", body, styles=styles, masters=masters, parts=parts))


@pytest.mark.parametrize("name", ["a.odt", "a.ott", "a.txt", ""])
def test_text_is_read_whatever_the_name(tmp_path: Path, name: str) -> None:
    write_odt(
        tmp_path / (name or "a"), "<text:p>Two<text:s text:c='3'/>lines<text:line-break/>of<text:tab/>text</text:p>"
    )
    assert extract_checked(tmp_path / (name or "a")).text == "Two lines\nof text"


def test_a_flat_file_is_read(tmp_path: Path) -> None:
    found = extract_checked(
        write_flat(tmp_path / "a.fodt", "<office:text><text:p>\n  Dogs\n stay.</text:p></office:text>")
    )
    assert (found.text, found.document.title) == ("Dogs stay.", "Flat")


def test_headings_titles_and_listings_are_read(tmp_path: Path) -> None:
    styles = (
        '<style:style style:name="P1" style:parent-style-name="Title"/>'
        '<style:style style:name="P2" style:parent-style-name="Preformatted_20_Text"/>'
    )
    body = (
        '<text:p text:style-name="P1">Harbour</text:p><text:h text:outline-level="1">Fees</text:h>'
        '<text:p text:style-name="P2">if x:</text:p><text:p text:style-name="P2"><text:s text:c="2"/>y</text:p>'
    )
    found = read(tmp_path, body, styles)
    assert [(heading.text, heading.level) for heading in found.document.outline] == [("Harbour", 1), ("Fees", 2)]
    assert found.text.endswith("if x:\n  y")


def test_lists_have_the_markers_of_their_styles(tmp_path: Path) -> None:
    levels = (
        '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="." text:start-value="3"/>'
        '<text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")" text:display-levels="2"/>'
    )
    inner = "<text:list><text:list-item><text:p>deep</text:p></text:list-item></text:list>"
    items = f"<text:list-item><text:p>one</text:p>{inner}</text:list-item>"
    items += "<text:list-item><text:p>two</text:p></text:list-item>"
    body = f'<text:list text:style-name="L1">{items}</text:list>'
    body += "<text:list><text:list-item><text:p>bullet</text:p></text:list-item></text:list>"
    found = read(tmp_path, body, f'<text:list-style style:name="L1">{levels}</text:list-style>')
    assert found.text == "3. one\n3.a) deep\n4. two\n- bullet"


def test_merged_cells_nested_tables_and_two_header_rows_are_read(tmp_path: Path) -> None:
    inner = table(row("Mesh", "Depth"), row("90", "4"), row("70", "2"))
    grid = table(
        row(
            cell_of("Ship", 'table:number-rows-spanned="2"'),
            cell_of("Crew", 'table:number-columns-spanned="2"'),
            COVERED,
        ),
        row(COVERED, "day", "night"),
        row(cell_of("Petrel", 'table:number-rows-spanned="2"'), "Ida", "Bo"),
        row(COVERED, "Lin", cell_of(inner)),
        header_rows=2,
    )
    assert read(tmp_path, grid).text.split("\n") == [
        "Ship: Petrel, Crew day: Ida, Crew night: Bo",
        "Ship: Petrel, Crew day: Lin, Crew night: Mesh: 90, Depth: 4; Mesh: 70, Depth: 2",
    ]


def test_notes_comments_headers_and_tracked_changes_are_read(tmp_path: Path) -> None:
    note = (
        '<text:note text:note-class="{}"><text:note-citation>1</text:note-citation><text:note-body><text:p>{}</text:p>'
        "</text:note-body></text:note>"
    )
    comment = "<office:annotation><dc:creator>Bo Lind</dc:creator><text:p>Which?</text:p></office:annotation>"
    deleted = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
    )
    notes = note.format("footnote", "Rebuilt.") + note.format("endnote", "See plan.") + comment
    body = f"{deleted}<text:p>Quay{notes} one</text:p>"
    header = f"<style:header>{table(row('Contract no.', 'HB-7'), row('Revision', 'C'))}</style:header>"
    found = read(tmp_path, body, masters=f'<style:master-page style:name="x">{header}</style:master-page>')
    assert found.text.split("\n\n") == [
        "Quay one",
        "Page header: Contract no.: HB-7\nRevision: C",
        "Footnote: Rebuilt.",
        "Endnote: See plan.",
        "Comment by Bo Lind: Which?",
    ]
    assert found.warnings == ("Tracked changes were read as accepted: 1 deletion was left out.",)


def test_frames_pictures_charts_and_formulas_are_read(tmp_path: Path) -> None:
    box = "<draw:frame><draw:text-box><text:p>Call 112.</text:p></draw:text-box></draw:frame>"
    described = "<svg:title>Mole</svg:title><svg:desc>by night</svg:desc>"
    picture = f'<draw:frame><draw:image xlink:href="a.png"/>{described}</draw:frame>'
    objects = "".join(f'<draw:frame><draw:object xlink:href="./Object {n}"/></draw:frame>' for n in (1, 2, 3))
    values = table(row("", "Cod"), row("May", "4.5"), row("June", "7"), header_rows=1)
    chart = f"<chart:title><text:p>Catch</text:p></chart:title>{values}"
    parts = {
        "Object 1/content.xml": f"<office:document-content {NAMESPACES}><chart:chart>{chart}</chart:chart>"
        "</office:document-content>",
        "Object 2/content.xml": '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mi>x</mi>'
        '<annotation encoding="StarMath 5.0">x = {a} over {b}</annotation></semantics></math>',
    }
    found = read(tmp_path, f"<text:p>Rules{box}{picture}</text:p><text:p>{objects}</text:p>", parts=parts)
    assert found.text.split("\n\n") == [
        "Rules", "Call 112.", "[Image: Mole by night]", "Chart: Catch", "May, Cod: 4.5\nJune, Cod: 7", "x = {a} over {b}",
    ]  # fmt: skip
    assert (found.document.coverage.pictures, found.document.coverage.tables) == (1, 1)
    assert found.warnings == ("An embedded object was not read: ./Object 3.",)


def test_boxes_of_forms_and_hidden_text_are_read(tmp_path: Path) -> None:
    control = '<form:checkbox form:id="{}" form:label="{}" {}/>'
    controls = control.format("c1", "Greased", 'form:current-state="checked"') + control.format("c2", "Painted", "")
    body = (
        f"<office:forms><form:form>{controls}</form:form></office:forms>"
        '<text:p><draw:control draw:control="c1"/><draw:control draw:control="c2"/></text:p>'
        '<text:p><text:span text:style-name="T1">code 7719</text:span></text:p>'
    )
    styles = '<style:style style:name="T1"><style:text-properties text:display="none"/></style:style>'
    found = read(tmp_path, body, styles)
    assert found.text == "☒ Greased\n\n☐ Painted\n\ncode 7719"
    assert found.warnings == ("2 hidden words were read.",)


def test_links_show_their_addresses(tmp_path: Path) -> None:
    found = read(tmp_path, '<text:p><text:a xlink:href="https://harbour.example/f">the fees</text:a></text:p>')
    assert found.text == "the fees (https://harbour.example/f)"


SLIDES = (
    '<draw:page><draw:frame presentation:class="outline"><draw:text-box><text:list><text:list-item><text:p>siren</text:p>'
    "</text:list-item></text:list></draw:text-box></draw:frame>"
    '<draw:frame presentation:class="title"><draw:text-box><text:p>Watch</text:p></draw:text-box></draw:frame>'
    "<draw:g><draw:custom-shape><text:p>grouped</text:p></draw:custom-shape></draw:g>"
    f"<draw:frame>{table(row('Crew', 'Phone'), row('Mole', '4471'), row('Boat', '4480'))}</draw:frame>"
    "<office:annotation><dc:creator>Bo</dc:creator><text:p>Long.</text:p></office:annotation>"
    '<presentation:notes><draw:frame presentation:class="notes"><draw:text-box><text:p>Mention it.</text:p></draw:text-box>'
    "</draw:frame></presentation:notes></draw:page>"
    '<draw:page draw:style-name="dp1"><draw:frame><draw:text-box><text:p>Secret</text:p></draw:text-box></draw:frame>'
    "</draw:page><draw:page/>"
)


@pytest.mark.parametrize("flat", [False, True])
def test_slides_are_pages_with_notes_and_comments(tmp_path: Path, flat: bool) -> None:
    hidden = '<style:drawing-page-properties presentation:visibility="hidden"/>'
    styles = f'<style:style style:name="dp1">{hidden}</style:style>'
    if flat:
        content = f"<office:presentation>{SLIDES}</office:presentation>"
        found = extract_checked(write_flat(tmp_path / "a.fodp", content, PRESENTATION))
    else:
        found = extract_checked(write_odp(tmp_path / "a.odp", SLIDES, styles=styles))
    assert found.text.split("\n\n") == [
        "Watch", "- siren", "grouped", "Crew: Mole, Phone: 4471\nCrew: Boat, Phone: 4480",
        "Speaker notes on Watch: Mention it.", "Comment by Bo: Long.", "Slide 2", "Secret",
    ]  # fmt: skip
    assert found.document.coverage.pages == 3
    assert found.warnings[0] == "1 of 3 slides have no text: 3."
    assert flat or found.warnings[1] == "1 of 3 slides are hidden in the show and were read: 2."


def test_an_encrypted_file_is_rejected(tmp_path: Path) -> None:
    path = write_odt(tmp_path / "a.odt", "<text:p>x</text:p>")
    parts = parts_of(path)
    encrypted = b"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
    manifest = parts["META-INF/manifest.xml"].replace(b"/></manifest:manifest>", encrypted)
    repack(path, parts | {"META-INF/manifest.xml": manifest})
    with pytest.raises(DocumentUnreadable) as failure:
        extract(path)
    assert failure.value.code is ErrorCode.ENCRYPTED_DOCUMENT
