"""Manuals from Debian's packages, parsed by the real worker: sections, tables and sentences are extracted correctly."""

import csv
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
import pytest_asyncio

from engines.parsing.client import Parser
from records.document import NewChunk
from tests.engines.parsing.in_process import Extracted, check_chunks
from tests.engines.parsing.in_worker import open_module_parser, parse
from tests.paths import ROOT
from tests.support.documents.debian import IS_DEBIAN, PACKAGES, debian_file, unpacked

if not IS_DEBIAN:
    pytest.skip("These tests read manuals from Debian's packages.", allow_module_level=True)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPEC = "doc/shared-mime-info/shared-mime-info-spec"
SECTION_NUMBER = re.compile(r"^(\d+\.)*\d*\.?\s+")
WORD = re.compile(r"\w+")
NAVIGATION_WORDS = {"Prev", "Next", "Home", "Up", "Top"}
BZIP2_SENTENCES = (
    "bzip2 compresses files using the Burrows-Wheeler block-sorting text compression algorithm, and Huffman coding.",
    "The library is designed to recover cleanly in all situations",
    "You can also compress or decompress files to the standard output",
)
LIBTASN1_SENTENCES = ("No limits for INTEGER and ENUMERATED values.", "Function used to start the parse algorithm.")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncIterator[Parser]:
    async with open_module_parser() as parser:
        yield parser


async def read_manual(parser: Parser, path: Path) -> Extracted:
    """Parse a manual and check its chunks, its outline and its coverage."""
    found = await parse(parser, path)
    check_chunks(found.text, found.chunks)
    outline = found.document.outline
    for heading in outline:
        assert found.text[heading.offset : heading.offset + len(heading.text)] == heading.text
    assert [heading.offset for heading in outline] == sorted(heading.offset for heading in outline)
    pages = [heading.page for heading in outline if heading.page is not None]
    assert all(before <= after for before, after in pairwise(pages))
    assert found.warnings == ()
    assert found.document.coverage.pages_with_text == found.document.page_count
    return found


def docbook_titles(path: Path) -> list[str]:
    """Return the section titles of a DocBook file, parsed with the standard library."""
    return [" ".join("".join(title.itertext()).split()) for title in ElementTree.parse(path).iter("title")]


def unnumbered_headings(found: Extracted) -> list[str]:
    return [SECTION_NUMBER.sub("", heading.text) for heading in found.document.outline]


def page_with(path: Path, sentence: str) -> int:
    """Return the number of the page that contains a sentence, according to pdfium's own text search."""
    with pypdfium2.PdfDocument(path) as document:
        for number, page in enumerate(document, 1):
            if sentence in " ".join(page.get_textpage().get_text_range().split()):
                return number
    raise AssertionError(f"No page contains the sentence: {sentence}")


def check_sentence(found: Extracted, path: Path, sentence: str) -> NewChunk:
    """Check that one chunk contains the whole sentence and covers its page. Return the chunk."""
    chunk = found.chunk_with(sentence)
    page = page_with(path, sentence)
    assert chunk.page_start is not None
    assert chunk.page_end is not None
    assert chunk.page_start <= page <= chunk.page_end
    return chunk


async def test_a_docbook_file_has_its_sections_references_and_tables(parser: Parser, tmp_path: Path) -> None:
    path = unpacked(f"{SPEC}.xml.gz", tmp_path)
    spec = await read_manual(parser, path)
    outline = spec.document.outline
    assert spec.document.title == outline[0].text == "Shared MIME-info Database"
    assert sorted(heading.text for heading in outline) == sorted(docbook_titles(path))
    assert [heading.text for heading in outline if heading.level == 2] == [
        "Introduction", "Unified system", "Contributors", "References"
    ]  # fmt: skip
    assert re.search(r"This is version \d+\.\d+ of the Shared MIME-info Database specification", spec.text)
    assert "key words" in spec.chunk_with("interpreted as described in RFC 2119[RFC-2119].").text
    assert "\n\nDavid Faure faure at kde.org\n\n" in spec.text
    row = spec.chunk_with("Attribute: path, Required?: Yes, Value: A path that must be present on the mounted volume")
    assert row.headings == ("Shared MIME-info Database", "Unified system", "The source XML files")
    assert spec.document.coverage.tables == 4


async def test_the_web_pages_of_a_manual_have_no_navigation_in_their_text(parser: Parser, tmp_path: Path) -> None:
    pages = [await read_manual(parser, page) for page in sorted(debian_file(f"{SPEC}.html").glob("*.html"))]
    assert len(pages) >= 4
    for page in pages:
        lines = [set(WORD.findall(line)) for line in page.text.split("\n")]
        assert not [words for words in lines if words and words <= NAVIGATION_WORDS]
    found = [title for page in pages for title in unnumbered_headings(page)]
    assert set(docbook_titles(unpacked(f"{SPEC}.xml.gz", tmp_path))) <= set(found)
    [system] = [page for page in pages if page.document.title == "Unified system"]
    advice = system.chunk_with("Users should never edit the database.")
    assert [SECTION_NUMBER.sub("", heading) for heading in advice.headings] == ["Unified system", "User modification"]
    assert "Attribute: path, Required?: Yes, Value: A path that must be present" in system.text


async def test_a_gtk_doc_reference_has_functions_and_no_navigation(parser: Parser) -> None:
    reference = await read_manual(parser, debian_file("gtk-doc/html/libtasn1/libtasn1-libtasn1.html"))
    assert not reference.text.startswith("Top")
    assert "Generated by GTK-Doc" not in reference.text
    function = next(heading for heading in reference.document.outline if heading.text == "asn1_parser2tree ()")
    assert function.level == 2
    assert reference.chunk_with("Creates the structures needed to manage the definitions").headings[-1] == function.text


async def test_a_pdf_has_the_sections_of_its_docbook_source(parser: Parser, tmp_path: Path) -> None:
    path = debian_file(f"{SPEC}.pdf")
    spec = await read_manual(parser, path)
    titles = docbook_titles(unpacked(f"{SPEC}.xml.gz", tmp_path))
    found = {*unnumbered_headings(spec), spec.document.title}
    assert [title for title in titles if title not in found] == []
    advice = check_sentence(spec, path, "Users should never edit the database.")
    assert SECTION_NUMBER.sub("", advice.headings[-1]) == "User modification"


async def test_a_manual_has_the_same_sections_as_pdf_and_as_web_page(parser: Parser, tmp_path: Path) -> None:
    path = unpacked("doc/bzip2/manual.pdf.gz", tmp_path)
    pdf, page = await read_manual(parser, path), await read_manual(parser, debian_file("doc/bzip2/manual.html"))
    sections = [(heading.text, heading.level) for heading in page.document.outline if heading.text[0].isdigit()]
    assert len(sections) > 40
    assert sections == [(heading.text, heading.level) for heading in pdf.document.outline if heading.text[0].isdigit()]
    for sentence in BZIP2_SENTENCES:
        check_sentence(pdf, path, sentence)
        assert sentence in page.chunk_with(sentence).text


async def test_a_texinfo_manual_has_its_chapters_in_order(parser: Parser) -> None:
    path = debian_file("doc/libtasn1-doc/libtasn1.pdf")
    manual = await read_manual(parser, path)
    chapters = [heading for heading in manual.document.outline if re.match(r"\d ", heading.text)]
    assert [chapter.text[0] for chapter in chapters] == ["1", "2", "3", "4"]
    assert {chapter.level for chapter in chapters} == {1}
    assert {heading.level for heading in manual.document.outline if re.match(r"\d\.\d ", heading.text)} == {2}
    for sentence in LIBTASN1_SENTENCES:
        check_sentence(manual, path, sentence)
    assert "  -o, --output=FILE     output file" in manual.text


@pytest.mark.parametrize("name", ["debian.csv", "ubuntu.csv"])
async def test_each_row_of_a_csv_file_is_a_line_with_the_column_names(parser: Parser, name: str) -> None:
    path = debian_file(f"distro-info/{name}")
    table = await read_manual(parser, path)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    lines = [", ".join(f"{column}: {cell}" for column, cell in row.items() if cell) for row in rows]
    assert table.text.split("\n") == lines
    for line in lines:
        assert line in table.chunk_with(line).text


async def test_continuous_integration_installs_the_packages_of_these_tests() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert [package for package in PACKAGES if f"missing+=({package})" not in script] == []


async def test_a_missing_manual_fails_the_test_with_the_install_command() -> None:
    with pytest.raises(pytest.fail.Exception, match="apt-get install --no-install-recommends bzip2-doc "):
        debian_file("doc/bzip2/no-such-manual.html")
