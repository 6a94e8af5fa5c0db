"""Web pages: all of their content is read."""

from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import Extracted, extract, extract_checked, extract_content
from tests.support.documents import files


def read_body(folder: Path, body: str) -> Extracted:
    """Parse a page with this body."""
    page = f"<!DOCTYPE html><html><head><meta charset=utf-8><title>Page</title></head><body>{body}</body></html>"
    return extract_content(folder, "page.html", page)


def outline(found: Extracted) -> list[tuple[str, int]]:
    return [(heading.text, heading.level) for heading in found.document.outline]


def test_a_web_page_is_read_without_clutter(tmp_path: Path) -> None:
    facts = files.write_html(tmp_path / "moss.html").facts
    page = extract_checked(tmp_path / "moss.html")
    assert page.document.title == files.HTML_TITLE
    for fact in facts:
        assert page.chunk_with(fact.quote)
    for clutter in files.HTML_CLUTTER:
        assert clutter not in page.text
    assert "Half-closed paragraph with italics\n\nand another one." in page.text


@pytest.mark.parametrize(
    "name",
    ["cookies", "share", "menu", "social-security-number", "modal-dialogs", "banner", "sidebar", "advert", "nav", "footer",
     "newsletter", "breadcrumbs", "related", "legal", "consent"],
)  # fmt: skip
@pytest.mark.parametrize("tag", ["section", "div", "aside", "footer", "header", "form", "nav"])
def test_no_part_is_removed_for_its_tag_class_or_id(tmp_path: Path, tag: str, name: str) -> None:
    part = f'<{tag} id="{name}" class="{name}"><h2>{name.title()}</h2><p>The cookie lives for 45 minutes.</p></{tag}>'
    page = read_body(tmp_path, f"<h1>Kestrel</h1><p>Kestrel delivers mail for small offices everywhere.</p>{part}")
    assert "The cookie lives for 45 minutes." in page.text
    assert (name.title(), 2) in outline(page)


def test_a_page_inside_of_a_form_is_read(tmp_path: Path) -> None:
    page = read_body(
        tmp_path,
        "<form id=aspnetForm><div><input type=hidden name=__VIEWSTATE value=/wEPDwUK></div><h1>Fees</h1>"
        "<p>A berth costs 41 crowns.</p><label>Boat <input value='Stormy Petrel'></label><input type=checkbox checked> paid"
        "<select><option>weekly<option selected>daily</select><textarea>Near the crane</textarea></form>",
    )
    assert "A berth costs 41 crowns." in page.text
    assert "Boat Stormy Petrel [x] paid daily Near the crane" in page.text
    assert "wEPDw" not in page.text


@pytest.mark.parametrize(
    "folded",
    [
        "<h3><button aria-expanded=false>How long?</button></h3><div hidden><p>Kept for nine days.</p></div>",
        "<button class=accordion>How long?</button><div style='display:none'>Kept for nine days.</div>",
        "<h3><a href='#a'>How long?</a></h3><div id=a style='display: none'><p>Kept for nine days.</p></div>",
        "<div role=tablist><button role=tab>How long?</button></div><div role=tabpanel hidden>Kept for nine days.</div>",
        "<details><summary>How long?</summary>Kept for nine days.</details>",
        "<dialog><h3>How long?</h3><p>Kept for nine days.</p></dialog>",
        "<h3>How long?</h3><noscript><p>Kept for nine days.</p></noscript>",
        "<h3>How long?</h3><div><template shadowrootmode=open><p>Kept for nine days.</p></template></div>",
        "<h3>How long?</h3><aside class=warning><p>Kept for nine days.</p></aside>",
    ],
)
def test_folded_and_marginal_content_is_read(tmp_path: Path, folded: str) -> None:
    page = read_body(tmp_path, f"<main><h1>Parcels</h1><p>Parcels are handed out at the counter.</p>{folded}</main>")
    assert "How long?" in page.text
    assert "Kept for nine days." in page.text
    assert page.text.index("How long?") < page.text.index("Kept for nine days.")


def test_hidden_text_that_nothing_can_show_is_counted(tmp_path: Path) -> None:
    page = read_body(tmp_path, "<p>Seen.</p><p style='display:none'>never seen by anyone</p>")
    assert page.text == "Seen."
    assert page.warnings == ("4 hidden words were left out, because nothing on the page can show them.",)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("10<sup>6</sup> and m<sup>2</sup> and 1<sup>st</sup>", "10^6 and m² and 1st"),
        ("quay<sup><a href='#n'>[1]</a></sup> is", "quay[1] is"),
        ("H<sub>2</sub>O", "H2O"),
        ("<s>49</s> 39 crowns", "~~49~~ 39 crowns"),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>", "漢字(かんじ)"),
        ("<q>Ahoy</q>", "“Ahoy”"),
        ("<abbr title='Notice to mariners'>NtM</abbr> 7", "NtM (Notice to mariners) 7"),
        ("K<b>est</b>rel, in<wbr>divisible", "Kestrel, indivisible"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<img src=x alt='A red boat'> moors", "[Image: A red boat] moors"),
        ("<svg><title>Pump house</title><text>Valve 3</text></svg>", "[Image: Pump house, Valve 3]"),
        ("<math><semantics><mi>E</mi><annotation encoding='application/x-tex'>E=mc^2</annotation></math>", "E=mc^2"),
        ("<dl><dt>Owner</dt><dd>Ida</dd><dt>Port</dt><dt>Pier</dt><dd>Skerry</dl>", "Owner: Ida\n\nPort, Pier: Skerry"),
        ("<ol start=3><li>c<li>d</ol>", "3. c\n4. d"),
        ("<ol type=a><li>x<ul><li>y</ul></ol>", "a. x\n- y"),
        ("<ul><li>[ ] <p>one</p><p>two</p></ul>", "- [ ]\n\none\n\ntwo"),
    ],
)  # fmt: skip
def test_formatted_words_stay_readable(tmp_path: Path, html: str, text: str) -> None:
    assert read_body(tmp_path, f"<div>{html}</div>").text == text


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("<p>Fill in <a href='https://e.org/b12.pdf'>the form</a>.</p>", "Fill in the form. (https://e.org/b12.pdf)"),
        (
            "<p>The <a href='forms/b12.pdf'>form</a> is due on <a href=dates.html>Monday</a> at noon.</p>",
            "The form is due on Monday at noon.\n[form]: forms/b12.pdf\n[Monday]: dates.html",
        ),
        ("<p>Write to <a href='mailto:ida@e.org?subject=x'>Ida</a></p>", "Write to Ida (ida@e.org)"),
        ("<p><a href='https://www.e.org/'>e.org</a> and <a href='#top'>top</a></p>", "e.org and top"),
        ("<ul><li><a href=a.zip>Archive</a></ul>", "- Archive (a.zip)"),
        ("<table><tr><th>File<th>Size<tr><td><a href=a.zip>A</a><td>2</table>", "File: A (a.zip), Size: 2"),
        ("<h2>Files<a class=headerlink href='#f'>¶</a></h2>", "Files"),
    ],
)
def test_targets_of_links_follow_their_paragraph(tmp_path: Path, link: str, text: str) -> None:
    assert read_body(tmp_path, link).text == text


def test_many_links_within_a_site_do_not_bury_its_text(tmp_path: Path) -> None:
    links = " ".join(f"<p>Word <a href='/wiki/{n}'>link {n}</a> is explained here.</p>" for n in range(60))
    page = read_body(tmp_path, f"{links}<p>See <a href='https://e.org/x'>the source</a>.</p>")
    assert "/wiki/" not in page.text
    assert "https://e.org/x" in page.text
    assert page.document.properties["links_without_targets"] == 60


@pytest.mark.parametrize(
    "listing",
    [
        '<pre><span class="k">def</span> <span>f</span><span>(</span>x<span>):</span>\n    <b>return</b> x</pre>',
        "<pre><code><span class=line>def f(x):</span><br><span class=line>    return x</span></code></pre>",
        "<pre><code><div class=line>def f(x):</div><div class=line>    return x</div></code></pre>",
        "<pre>def f(x):\r\n    return x<button>Copy</button></pre>",
        "<table class=highlighttable><tr><td class=linenos><pre>1\n2</pre></td><td class=code><pre>def f(x):\n    return x"
        "</pre></td></tr></table>",
        "<table><tr><td data-line-number=1></td><td class=blob-code>def f(x):</td></tr>"
        "<tr><td data-line-number=2></td><td class=blob-code>    return x</td></tr></table>",
        "<pre><span class=lineno>1 </span>def f(x):\n<span class=lineno>2 </span>    return x</pre>",
    ],
)
def test_a_listing_keeps_its_lines_and_indentation(tmp_path: Path, listing: str) -> None:
    assert read_body(tmp_path, f"<p>Like this:</p>{listing}").text == "Like this:\n\ndef f(x):\n    return x"


def test_headings_begin_at_level_one(tmp_path: Path) -> None:
    page = read_body(tmp_path, "<h2>A</h2><h4>B <em>b</em></h4><div role=heading aria-level=3>C</div><h2>D</h2>")
    assert outline(page) == [("A", 1), ("B b", 3), ("C", 2), ("D", 1)]


def test_xhtml_with_empty_elements_is_read(tmp_path: Path) -> None:
    page = '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
    page += '<script src="a.js"/></head><body><a id="p1"/><p/>'
    page += '<p>Tide&nbsp;tables.<br/>Two<span class="x"/> lines.</p></body></html>'
    assert extract_content(tmp_path, "page.xhtml", page).text == "Tide tables.\nTwo lines."


def test_embedded_pages_are_named(tmp_path: Path) -> None:
    page = read_body(
        tmp_path, "<p>Map:</p><iframe src='https://maps.example/x'></iframe><video src=v.mp4>A film</video>"
    )
    assert page.warnings == ("2 embedded pages, films or sounds were not read: https://maps.example/x, v.mp4.",)
    assert "A film" in page.text


def test_the_images_of_a_page_are_counted(tmp_path: Path) -> None:
    page = extract_content(tmp_path, "page.html", "<html><body><p>Words.</p><img src=a></body></html>")
    assert page.document.coverage.pictures == 1


def test_a_page_of_images_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html><body><img src=a><img src=b></body></html>")
    with pytest.raises(DocumentUnreadable) as failure:
        extract(tmp_path / "page.html")
    assert failure.value.code is ErrorCode.NO_TEXT
    assert failure.value.message == (
        "The file contains no text, only 2 images. Text in images is recognized in PDF and image files only."
    )


def test_metadata_becomes_properties(tmp_path: Path) -> None:
    head = "<html lang=sv><head><meta name=author content='Ida Holm'><meta name=description content='Fees'></head>"
    properties = extract_content(tmp_path, "page.html", f"{head}<body><p>Words.</p></body></html>").document.properties
    assert properties == {"encoding": "utf-8", "language": "sv", "author": "Ida Holm", "comments": "Fees"}
