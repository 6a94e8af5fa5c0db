"""PDF files that are generated from known facts in many layouts: every fact is found in the extracted text."""

from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pypdfium2
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.engines.parsing.in_process import extract
from tests.support.generated_tables import GeneratedTable, missing_facts, tables, write_table
from tests.support.generated_texts import GeneratedText, missing_sentences, paragraphs_of, texts, write_text
from tests.support.printed_tables import print_page, write_page
from tests.support.programs import find_browser

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def characters_in_file(path: Path) -> Counter[str]:
    """Return the number of each letter and digit in a PDF, according to pdfium."""
    with pypdfium2.PdfDocument(path) as document:
        return Counter(
            character for page in document for character in page.get_textpage().get_text_range() if character.isalnum()
        )


@settings(max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=SLOW)
@given(tables())
def test_every_value_of_a_table_follows_its_label_and_its_column(table: GeneratedTable) -> None:
    with TemporaryDirectory() as folder:
        path = write_table(Path(folder, "statement.pdf"), table)
        text = extract(path).text
        assert characters_in_file(path) - Counter(filter(str.isalnum, text)) == Counter()
    assert missing_facts(text, table.known_facts()) == []


@settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=SLOW)
@given(tables())
def test_a_table_printed_by_a_browser_has_all_values(table: GeneratedTable) -> None:
    with TemporaryDirectory() as folder:
        page = write_page(Path(folder, "page.html"), table)
        text = extract(print_page(find_browser(), page, Path(folder, "printed.pdf"))).text
    assert missing_facts(text, table.known_facts()) == []


@settings(max_examples=5, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=SLOW)
@given(texts())
def test_every_sentence_is_whole_and_in_order(text: GeneratedText) -> None:
    with TemporaryDirectory() as folder:
        found = extract(write_text(Path(folder, "text.pdf"), text)).text
    assert missing_sentences(found, text.sentences) == []
    places = [found.index(sentence) for sentence in text.sentences]
    assert places == sorted(places)


@pytest.mark.parametrize(("size", "paragraphs"), [(9.0, 30), (10.0, 44), (11.0, 27)])
def test_narrow_justified_columns_are_no_tables(tmp_path: Path, size: float, paragraphs: int) -> None:
    """The spaces in a narrow justified column are as wide as the gaps of a table. The last column is shorter."""
    text = GeneratedText(
        paragraphs_of(Random(paragraphs), paragraphs), columns=3, size=size, leading=1.2, is_justified=True,
        has_margins=False, is_list=False,
    )  # fmt: skip
    found = extract(write_text(tmp_path / "text.pdf", text)).text
    assert missing_sentences(found, text.sentences) == []
    places = [found.index(sentence) for sentence in text.sentences]
    assert places == sorted(places)
