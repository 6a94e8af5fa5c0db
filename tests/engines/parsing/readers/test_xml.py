"""XML: DocBook documents and structured data."""

from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import Extracted, extract, extract_content, extract_sample
from tests.support.documents import samples

ARTICLE = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//OASIS//DTD DocBook XML V4.1.2//EN" "docbookx.dtd" [
  <!ENTITY version "0.21"> <!ENTITY tide "<emphasis>high</emphasis>"> <!ENTITY far SYSTEM "far.xml">
]>
<article>
  <articleinfo>
    <author><firstname>Ada</firstname> <surname>Quist</surname> <email>ada@example.org</email></author>
    <title>The Tide Book</title>
  </articleinfo>
  <sect1><title>Gauges</title>{body}</sect1>
  <sect1 id="wells"><title>Wells</title><para>Deep.</para></sect1>
</article>
"""
"""A DocBook article in the style of the manuals in Debian's packages."""


def extract_article(folder: Path, body: str) -> Extracted:
    return extract_content(folder, "tides.xml", ARTICLE.replace("{body}", body))


def test_docbook_has_headings_lists_code_tables_and_footnotes(tmp_path: Path) -> None:
    lamp = extract_sample(tmp_path, "lamp.xml")
    assert [(heading.text, heading.level) for heading in lamp.document.outline] == [
        ("The Lamp", 1),
        ("Oil & wick", 2),
        ("Lenses", 3),
    ]
    assert "cellar.\n\n- Trim the wick\n- Fill the font\n\nLenses" in lamp.text
    assert "def turn(lens):\n    return lens.next()" in lamp.text
    assert lamp.chunk_with("Order: Sixth, Focus: 150 mm").headings == ("The Lamp", "Oil & wick", "Lenses")
    assert lamp.text.endswith("Footnote: Paraffin since 1910.")
    assert "this" not in lamp.text


def test_a_docbook_article_starts_with_its_title_and_its_authors_on_one_line(tmp_path: Path) -> None:
    found = extract_article(tmp_path, "<para>Float.</para>")
    assert found.document.title == "The Tide Book"
    assert found.text.startswith("The Tide Book\n\nAda Quist ada@example.org\n\nGauges\n\nFloat.")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<para>This is &version; &mdash; read it.</para>", "This is 0.21 — read it."),
        ("<para>As <citation>RFC 2119</citation> says.</para>", "As [RFC 2119] says."),
        ("<para>A <quote>still</quote> well.</para>", "A “still” well."),
        ("<para>See <refentrytitle>tide</refentrytitle><manvolnum>1</manvolnum>.</para>", "See tide(1)."),
        ('<para>More in <xref linkend="wells"/>.</para>', "More in Wells."),
        ('<para>More in <xref linkend="nowhere"/>.</para>', "More in ."),
        ('<para>At <ulink url="https://x.example/a"/>.</para>', "At https://x.example/a."),
        ("<bibliomixed><abbrev>Tide</abbrev><citetitle>On Tides</citetitle></bibliomixed>", "[Tide] On Tides"),
        ("<simplelist><member>Bo <email>bo@x.org</email></member></simplelist>", "Bo bo@x.org"),
        ("<legalnotice>Some <strong>own</strong> words.</legalnotice>", "Some own words."),
    ],
)
def test_inline_elements_of_docbook_stay_in_their_sentence(tmp_path: Path, body: str, text: str) -> None:
    found = extract_article(tmp_path, body)
    assert found.text.split("\n\n")[3] == text
    assert found.warnings == ()


def test_entities_with_markup_or_files_are_not_expanded_and_named(tmp_path: Path) -> None:
    (tmp_path / "far.xml").write_text("secret")
    found = extract_article(tmp_path, "<para>At &tide; water, &version;, &far; away: &unknown;.</para>")
    assert "At &tide; water, 0.21, &far; away: &unknown;." in found.text
    assert found.warnings == ("These entities were not expanded: far, tide, unknown.",)


def test_the_number_of_replaced_entities_is_limited(tmp_path: Path) -> None:
    found = extract_article(tmp_path, f"<para>{'&version; ' * 10_001}</para>")
    assert found.text.count("0.21") == 10_000
    assert found.text.count("&version;") == 1


def test_references_cannot_multiply_a_long_title(tmp_path: Path) -> None:
    long = "Tide " * 10_000
    references = '<xref linkend="long"/> ' * 1000
    body = f'<para>See {references}</para></sect1><sect1 id="long"><title>{long}</title><para>x</para>'
    assert len(extract_article(tmp_path, body).text) < 300_000


def test_the_records_of_structured_data_are_lines(tmp_path: Path) -> None:
    assert extract_sample(tmp_path, "fleet.xml").text.split("\n") == [
        "boat.id: 7, boat.name: Seehund, boat.crew: 4",
        "boat.id: 9, boat.name: Möwe, boat.crew: 2, boat.note: Leaks slightly aft.",
    ]


def test_truncated_xml_is_read_up_to_the_damage_with_a_warning(tmp_path: Path) -> None:
    cut = extract_content(tmp_path, "cut.xml", samples.DOCBOOK[:570])
    assert "The lamp burns colza" in cut.text
    assert any("damaged at line" in warning for warning in cut.warnings)


@pytest.mark.parametrize("content", ["<a/>", "<a><b/></a>"])
def test_xml_without_text_is_rejected(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.xml").write_text(f'<?xml version="1.0"?>{content}')
    with pytest.raises(DocumentUnreadable) as failure:
        extract(tmp_path / "a.xml")
    assert failure.value.code is ErrorCode.NO_TEXT


def test_html_inside_of_a_value_is_read_as_words(tmp_path: Path) -> None:
    description = "&lt;p&gt;Fog &lt;b&gt;horn&lt;/b&gt; &amp;amp; bell&lt;/p&gt;"
    feed = f"<rss><item><title>a &lt; b</title><description>{description}</description></item></rss>"
    assert extract_content(tmp_path, "feed.rss", feed).text == "item.title: a < b, item.description: Fog horn & bell"
