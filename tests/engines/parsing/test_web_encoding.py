"""Encodings of web pages and letters, by the labels of the web."""

from pathlib import Path

import pytest

from engines.parsing.web_encoding import codec_of, decode_labelled, decode_web_page
from tests.engines.parsing.in_process import extract


@pytest.mark.parametrize(
    ("label", "encoded", "text"),
    [
        ("iso-8859-1", "€ 18 – don’t".encode("cp1252"), "€ 18 – don’t"),
        ("us-ascii", "Zürich".encode("cp1252"), "Zürich"),
        ("gb2312", "镕基路仓库".encode("gbk"), "镕基路仓库"),
        ("GBK", "㐀 in GB18030".encode("gb18030"), "㐀 in GB18030"),
        ("shift_jis", "①髙島屋".encode("cp932"), "①髙島屋"),
        ("ks_c_5601-1987", "펲시콜라".encode("cp949"), "펲시콜라"),
        ("big5", "香港嘅".encode("big5hkscs"), "香港嘅"),
        ("iso-8859-9", "İstanbul €".encode("cp1254"), "İstanbul €"),
        ("tis-620", "ตะกรัน".encode("cp874"), "ตะกรัน"),
        ("iso-2022-jp", "日本語".encode("iso2022_jp"), "日本語"),
        ("utf-16", "\ufeffHolm".encode("utf-16-be"), "\ufeffHolm"),
        ("cp850", "naïve".encode("cp850"), "naïve"),
        ("utf-7", b"Hi +AKM-5", "Hi £5"),
    ],
)
def test_a_label_means_what_it_means_on_the_web(label: str, encoded: bytes, text: str) -> None:
    decoded = decode_labelled(encoded, label)
    assert (decoded.text.removeprefix("\ufeff"), decoded.replaced) == (text.removeprefix("\ufeff"), 0)
    assert not decoded.is_assumed


@pytest.mark.parametrize("label", ["rot13", "unicode_escape", "idna", "undefined", "hex", "no such encoding", ""])
def test_labels_that_are_no_character_sets_are_unknown(label: str) -> None:
    assert codec_of(label) is None
    decoded = decode_labelled("Zürich".encode(), label)
    assert (decoded.text, decoded.is_assumed) == ("Zürich", bool(label))


@pytest.mark.parametrize("label", ["iso-8859-1", "windows-1252", "ascii"])
def test_utf8_with_a_western_label_is_decoded_as_utf8(label: str) -> None:
    assert decode_labelled("Kestrel® 5 €".encode(), label).text == "Kestrel® 5 €"


def test_a_long_utf8_text_with_an_east_asian_label_is_decoded_as_utf8() -> None:
    text = "仓库在镕基路十七号。" * 5
    assert decode_labelled(text.encode(), "gb2312").text == text
    assert decode_labelled("联通".encode("gbk"), "gbk").text == "联通"


def test_a_label_that_cannot_be_right_is_replaced_by_a_detected_encoding() -> None:
    text = "Der Bürgermeister hört gern Märchen über große Fährschiffe und süße Früchte. " * 5
    decoded = decode_labelled(text.encode("cp1252"), "utf-8")
    assert (decoded.text, decoded.is_assumed) == (text, True)


@pytest.mark.parametrize(
    ("page", "encoding"),
    [
        ('<meta charset="gb2312"><p>镕</p>', "gbk"),
        ("<META HTTP-EQUIV=content-type CONTENT='text/html;charset=Shift_JIS'><p>①</p>", "cp932"),
        ('<?xml version="1.0" encoding="windows-1251"?><html><p>Пристань</p></html>', "cp1251"),
        ('<!-- <meta charset="koi8-r"> --><meta charset=iso-8859-2><p>Łódź</p>', "iso8859-2"),
        ('<meta charset="utf-16"><p>Fähre</p>', "utf-8"),
        ("<p>no statement: Fähre nach Grönskär</p>", "utf-8"),
        ("\ufeff<meta charset=koi8-r><p>Fähre</p>", "utf-8"),
        ("<html><p>wide</p></html>", "utf-16-le"),
    ],
)
def test_the_encoding_of_a_page_is_decided_once(tmp_path: Path, page: str, encoding: str) -> None:
    content = page.encode(encoding)
    assert decode_web_page(content).text.removeprefix("\ufeff") == page.removeprefix("\ufeff")
    (tmp_path / "page.html").write_bytes(content)
    assert extract(tmp_path / "page.html").text in page


def test_references_to_control_characters_mean_windows_characters(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>9&#150;17 o&#146;clock &#128; 5 &euro; 6</p>")
    assert extract(tmp_path / "page.html").text == "9–17 o’clock € 5 € 6"
