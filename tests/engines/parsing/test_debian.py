"""Real documents through the real worker: what a person finds in these manuals is found, where it stands."""

import csv
import re
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
import pytest_asyncio

from engines.parsing.client import Parser, open_parser
from records.document import NewChunk
from tests.engines.parsing.extracting import Extracted, check_chunks
from tests.engines.parsing.test_parser import parse
from tests.paths import ROOT
from tests.support.debian import IS_DEBIAN, PACKAGES, debian_file, unpacked
from tests.support.own_task import in_own_task

if not IS_DEBIAN:
    pytest.skip("The manuals that these tests read come with Debian's packages.", allow_module_level=True)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPEC = "doc/shared-mime-info/shared-mime-info-spec"
NUMBER = re.compile(r"^(\d+\.)*\d*\.?\s+")
WORDS = re.compile(r"\w+")
GUIDES = {"Prev", "Next", "Home", "Up", "Top"}
SENTENCES = (
    "bzip2 compresses files using the Burrows-Wheeler block-sorting text compression algorithm, and Huffman coding.",
    "The library is designed to recover cleanly in all situations",
    "You can also compress or decompress files to the standard output",
)
OF_LIBTASN1 = ("No limits for INTEGER and ENUMERATED values.", "Function used to start the parse algorithm.")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def parser() -> AsyncIterator[Parser]:
    async with in_own_task(open_parser()) as opened:
        yield opened


async def read(parser: Parser, path: Path) -> Extracted:
    """With what holds for all of them."""
    text, chunks, document = await parse(parser, path)
    check_chunks(text, chunks)
    for heading in document.outline:
        assert text[heading.offset : heading.offset + len(heading.text)] == heading.text
    assert [heading.offset for heading in document.outline] == sorted(heading.offset for heading in document.outline)
    pages = [heading.page for heading in document.outline if heading.page is not None]
    assert all(before <= after for before, after in pairwise(pages))
    assert document.coverage.warnings == ()
    assert document.coverage.pages_with_text == document.page_count
    return Extracted(text, chunks, document)


def headings(found: Extracted, deepest: int = 9) -> list[str]:
    return [heading.text for heading in found.document.outline if heading.level <= deepest]


def titles(path: Path) -> list[str]:
    """Of a DocBook file's sections, by another parser than ours."""
    return [" ".join("".join(title.itertext()).split()) for title in ElementTree.parse(path).iter("title")]


def unnumbered(found: Extracted) -> list[str]:
    """Its headings as the source has them."""
    return [NUMBER.sub("", heading.text) for heading in found.document.outline]


def page_with(path: Path, sentence: str) -> int:
    """By pdfium, which our reader does not ask for text."""
    with pypdfium2.PdfDocument(path) as document:
        for number, page in enumerate(document, 1):
            if sentence in " ".join(page.get_textpage().get_text_range().split()):
                return number
    raise AssertionError(f"No page holds the sentence: {sentence}")


def check_sentence(found: Extracted, path: Path, sentence: str) -> NewChunk:
    """Whole in one chunk, which stands on the sentence's page."""
    chunk = found.chunk_with(sentence)
    page = page_with(path, sentence)
    assert chunk.page_start is not None
    assert chunk.page_end is not None
    assert chunk.page_start <= page <= chunk.page_end
    return chunk


async def test_docbook_has_its_sections_references_and_tables(parser: Parser, tmp_path: Path) -> None:
    path = unpacked(f"{SPEC}.xml.gz", tmp_path)
    spec = await read(parser, path)
    outline = spec.document.outline
    assert spec.document.title == outline[0].text == "Shared MIME-info Database"
    assert sorted(heading.text for heading in outline) == sorted(titles(path))
    assert [heading.text for heading in outline if heading.level == 2] == [
        "Introduction", "Unified system", "Contributors", "References"
    ]  # fmt: skip
    assert re.search(r"This is version \d+\.\d+ of the Shared MIME-info Database specification", spec.text)
    assert "key words" in spec.chunk_with("interpreted as described in RFC 2119[RFC-2119].").text
    assert "\n\nDavid Faure faure at kde.org\n\n" in spec.text
    row = spec.chunk_with("Attribute: path, Required?: Yes, Value: A path that must be present on the mounted volume")
    assert row.headings == ("Shared MIME-info Database", "Unified system", "The source XML files")
    assert spec.document.coverage.tables == 4


async def test_a_manual_in_many_pages_has_no_navigation_in_its_text(parser: Parser, tmp_path: Path) -> None:
    pages = [await read(parser, page) for page in sorted(debian_file(f"{SPEC}.html").glob("*.html"))]
    assert len(pages) >= 4
    for page in pages:
        lines = [set(WORDS.findall(line)) for line in page.text.split("\n")]
        assert not [words for words in lines if words and words <= GUIDES]
    found = [title for page in pages for title in unnumbered(page)]
    assert set(titles(unpacked(f"{SPEC}.xml.gz", tmp_path))) <= set(found)
    [system] = [page for page in pages if page.document.title == "Unified system"]
    advice = system.chunk_with("Users should never edit the database.")
    assert [NUMBER.sub("", heading) for heading in advice.headings] == ["Unified system", "User modification"]
    assert "Attribute: path, Required?: Yes, Value: A path that must be present" in system.text


async def test_a_reference_made_by_gtk_doc_has_its_functions_without_what_leads_around(parser: Parser) -> None:
    reference = await read(parser, debian_file("gtk-doc/html/libtasn1/libtasn1-libtasn1.html"))
    assert not reference.text.startswith("Top")
    assert "Generated by GTK-Doc" not in reference.text
    function = next(heading for heading in reference.document.outline if heading.text == "asn1_parser2tree ()")
    assert function.level == 2
    assert reference.chunk_with("Creates the structures needed to manage the definitions").headings[-1] == function.text


async def test_a_pdf_has_the_sections_of_its_source_on_their_pages(parser: Parser, tmp_path: Path) -> None:
    path = debian_file(f"{SPEC}.pdf")
    spec = await read(parser, path)
    wanted = [title for title in titles(unpacked(f"{SPEC}.xml.gz", tmp_path)) if title != spec.document.title]
    found = unnumbered(spec)
    assert [title for title in wanted if title not in found] == []
    advice = check_sentence(spec, path, "Users should never edit the database.")
    assert NUMBER.sub("", advice.headings[-1]) == "User modification"


async def test_a_long_manual_is_the_same_as_pdf_and_as_page(parser: Parser, tmp_path: Path) -> None:
    path = unpacked("doc/bzip2/manual.pdf.gz", tmp_path)
    printed, page = await read(parser, path), await read(parser, debian_file("doc/bzip2/manual.html"))
    sections = [(heading.text, heading.level) for heading in page.document.outline if heading.text[0].isdigit()]
    assert len(sections) > 40
    assert sections == [
        (heading.text, heading.level) for heading in printed.document.outline if heading.text[0].isdigit()
    ]
    for sentence in SENTENCES:
        check_sentence(printed, path, sentence)
        assert sentence in page.chunk_with(sentence).text


async def test_a_texinfo_manual_has_its_chapters_in_order(parser: Parser) -> None:
    path = debian_file("doc/libtasn1-doc/libtasn1.pdf")
    manual = await read(parser, path)
    chapters = [heading for heading in manual.document.outline if re.match(r"\d ", heading.text)]
    assert [chapter.text[0] for chapter in chapters] == ["1", "2", "3", "4"]
    assert {chapter.level for chapter in chapters} == {1}
    assert {heading.level for heading in manual.document.outline if re.match(r"\d\.\d ", heading.text)} == {2}
    for sentence in OF_LIBTASN1:
        check_sentence(manual, path, sentence)
    assert "-o, --output=FILE, output file" in manual.text


@pytest.mark.parametrize("name", ["debian.csv", "ubuntu.csv"])
async def test_a_table_has_a_line_for_each_row_with_the_names_of_its_columns(parser: Parser, name: str) -> None:
    path = debian_file(f"distro-info/{name}")
    table = await read(parser, path)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    lines = [", ".join(f"{column}: {cell}" for column, cell in row.items() if cell) for row in rows]
    assert table.text.split("\n") == lines
    for line in lines:
        assert line in table.chunk_with(line).text


async def test_ci_installs_what_is_read_here() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert [package for package in PACKAGES if f"missing+=({package})" not in script] == []


async def test_what_is_missing_fails_and_says_how_to_get_it() -> None:
    with pytest.raises(pytest.fail.Exception, match="apt-get install --no-install-recommends bzip2-doc "):
        debian_file("doc/bzip2/no-such-manual.html")
