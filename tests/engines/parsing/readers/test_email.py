"""E-mail messages."""

import struct
from email.message import EmailMessage
from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import Extracted, extract, extract_content, extract_sample

HEADERS = "From: Lin <lin@mail.example>\nTo: bo@mail.example\nSubject: {}\nMIME-Version: 1.0\nContent-Type: {}\n"
TABLE = "<table><tr><th>Pier</th><th>Ferry</th></tr><tr><td>3</td><td>06:40</td></tr></table>"


def read_bytes(folder: Path, content: bytes) -> Extracted:
    (folder / "message.eml").write_bytes(content)
    return extract(folder / "message.eml")


def read_message(folder: Path, message: EmailMessage) -> Extracted:
    message["From"], message["To"] = "Lin <lin@mail.example>", "bo@mail.example"
    return read_bytes(folder, message.as_bytes())


def body(found: Extracted) -> str:
    """Return the extracted text after the lines with the message's headers."""
    return found.text.partition("\nTo: bo@mail.example\n\n")[2]


def test_a_message_has_headers_plain_text_forwarded_messages_and_attachment_names(tmp_path: Path) -> None:
    message = extract_sample(tmp_path, "foghorn.eml")
    document = message.document
    assert document.title == "The foghorn is being repaired"
    assert message.text.startswith(
        "The foghorn is being repaired\n\nFrom: Mara Sjöblom <mara@example.org>\n"
        "To: Keepers <keepers@example.net>, oskar@example.net\nDate: Mon, 05 Feb 2024 09:15:00 +0100\n\n"
    )
    assert "HTML twin" not in message.text
    assert message.chunk_with("Attachments: invoice 7.pdf").headings == ()
    assert message.warnings == ("Attachments were not read: invoice 7.pdf. Upload them as separate documents.",)
    assert message.chunk_with("Two spare membranes").headings == ("The foghorn is being repaired", "Spare membranes")
    assert document.properties["created"] == "2024-02-05T09:15:00+01:00"


def test_a_message_without_plain_text_is_read_from_its_html(tmp_path: Path) -> None:
    headers = "From: a@example.org\nTo: b@example.org\nSubject: Oil\nContent-Type: text/html; charset=utf-8\n\n"
    content = headers + "<p>Oil comes on <b>Tuesday</b>.</p><script>x()</script>"
    assert extract_content(tmp_path, "oil.eml", content).text.endswith("Oil comes on Tuesday.")


@pytest.mark.parametrize(
    ("plain", "html", "text"),
    [
        ("This is in HTML.", "<h1>March</h1><p>The ferry leaves at 06:40.</p>", "March\n\nThe ferry leaves at 06:40."),
        ("The ferry leaves at 06:40 from pier 3.", "<p>See the text.</p>", "The ferry leaves at 06:40 from pier 3."),
        ("The ferry leaves at 06:40.", "<p>The ferry leaves at 06:40.</p>", "The ferry leaves at 06:40."),
        ("Pier Ferry\n3 06:40", TABLE, "Pier: 3, Ferry: 06:40"),
        ("Pier 3 [https://t.example/a1]", "<p>Pier 3 <img src=a></p>", "Pier 3 [https://t.example/a1]"),
        ("   ", "<p>Only here.</p>", "Only here."),
    ],
)  # fmt: skip
def test_the_version_that_says_more_is_read(tmp_path: Path, plain: str, html: str, text: str) -> None:
    message = EmailMessage()
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    assert body(read_message(tmp_path, message)) == text


def test_headings_of_html_are_below_the_subject(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Letter"
    message.set_content("<h3>March</h3><p>Fog.</p>", subtype="html")
    outline = read_message(tmp_path, message).document.outline
    assert [(heading.text, heading.level) for heading in outline] == [("Letter", 1), ("March", 2)]


def test_all_texts_of_a_message_are_read_in_order(tmp_path: Path) -> None:
    message = EmailMessage()
    message.set_content("First part.")
    message.make_mixed()
    for content, kind in (("<p>Second <b>part</b>.</p>", "html"), ("Third part.", "plain")):
        part = EmailMessage()
        part.set_content(content, subtype=kind)
        message.attach(part)
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Gebühr.pdf")
    message.add_attachment(b"x", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    found = read_message(tmp_path, message)
    assert body(found).startswith("First part.\n\nSecond part.\n\nThird part.\n\nAttachments: ")
    names = "Gebühr.pdf, winmail.dat (Outlook container (TNEF))"
    assert found.warnings == (f"Attachments were not read: {names}. Upload them as separate documents.",)


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("iso-8859-1", "cp1252", "€ 790 – we don’t charge"),
        ("gb2312", "gbk", "仓库在镕基路17号，联系人喆先生"),
        ('"ks_c_5601-1987"', "cp949", "펲시콜라 한 병"),
        ("us-ascii", "utf-8", "hinter dem grünen Ruder"),
        ("x-unknown", "utf-8", "hinter dem grünen Ruder"),
        ("windows-1250", "cp1250", "Łódź płynie"),
    ],
)
def test_charsets_are_those_of_the_web(tmp_path: Path, charset: str, codec: str, text: str) -> None:
    content = HEADERS.format("x", f"text/plain; charset={charset}") + "Content-Transfer-Encoding: 8bit\n\n"
    found = read_bytes(tmp_path, content.encode() + text.encode(codec))
    assert found.text.endswith(text)
    assert bool(found.warnings) == (charset == "x-unknown")


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (b"=?gb2312?B?6Ua7+cK3sta/4g==?=", "镕基路仓库"),
        (b"=?iso-8859-1?Q?=80_18_=96_fee?=", "€ 18 – fee"),
        (b"=?utf-8?B?U2NobMO8?= =?utf-8?B?c3NlbA==?=", "Schlüssel"),
        ("Gebühr für März".encode(), "Gebühr für März"),
        ("Gebühr für März".encode("cp1252"), "Gebühr für März"),
        (b"=?utf-8?Q?Long_subject_that_is?=\n =?utf-8?Q?_folded?=", "Long subject that is folded"),
        (b"=?nonsense?B?####?= rest", "=?nonsense?B?####?= rest"),
    ],
)
def test_subjects_are_decoded(tmp_path: Path, subject: bytes, text: str) -> None:
    content = b"From: lin@mail.example\nTo: bo@mail.example\nSubject: " + subject + b"\nMIME-Version: 1.0\n\nBody.\n"
    assert read_bytes(tmp_path, content).document.title == text


def test_flowed_lines_are_joined(tmp_path: Path) -> None:
    content = (
        HEADERS.format("x", "text/plain; format=flowed")
        + "\nThe ferry \nleaves at 06:40. \n> Which \n> pier?\n-- \nLin"
    )
    assert body(read_bytes(tmp_path, content.encode())) == "The ferry leaves at 06:40.\n> Which pier?\n--\nLin"


def test_an_encoded_file_inside_of_the_text_is_an_attachment(tmp_path: Path) -> None:
    encoded = "begin 644 plan.txt\n#0V%T\n`\nend"
    found = read_bytes(tmp_path, (HEADERS.format("x", "text/plain") + f"\nSee below.\n\n{encoded}\n\nLin").encode())
    assert body(found) == "See below.\n\nLin\n\nAttachments: plan.txt"


@pytest.mark.parametrize(
    "line", ["From lin@mail.example Mon Mar 17 11:15:17 +0000 2031", ">From lin Tue Mar 4 09:12 2031"]
)
def test_a_line_of_a_mail_archive_before_the_headers_is_skipped(tmp_path: Path, line: str) -> None:
    content = f"{line}\nX-GM-THRID: 1\nDelivered-To: bo@mail.example\n{HEADERS.format('Keys', 'text/plain')}\nHi."
    found = read_bytes(tmp_path, content.encode())
    assert (found.document.media_type, found.document.title) == ("message/rfc822", "Keys")
    assert found.text.endswith("Hi.")


def test_a_page_saved_as_a_message_is_read_without_its_navigation(tmp_path: Path) -> None:
    head = "From: <Saved by Blink>\nSnapshot-Content-Location: https://e.org/a\nSubject: Wells\nMIME-Version: 1.0\n"
    head += "Content-Type: multipart/related; type=text/html; boundary=b\n\n--b\nContent-Type: text/html\n\n"
    page = "<nav><a href=/>Start</a> <a href=/c>Contact</a></nav>"
    page += "<main><h1>Wells</h1><p>A float follows the water. It moves a pen.</p></main>"
    tail = "\n--b\nContent-Type: image/png\nContent-Location: https://e.org/a.png\nContent-ID: <1>\n\nx\n--b--\n"
    (tmp_path / "page.mhtml").write_text(head + page + tail)
    found = extract(tmp_path / "page.mhtml")
    assert "A float follows the water." in found.text
    assert "Contact" not in found.text
    assert (found.document.coverage.pictures, found.warnings) == (1, ())


def test_an_encrypted_message_is_rejected(tmp_path: Path) -> None:
    headers = 'From: a@example.org\nSubject: x\nContent-Type: multipart/encrypted; boundary="b"\n\n--b\n\nx\n--b--\n'
    (tmp_path / "secret.eml").write_text(headers)
    with pytest.raises(DocumentUnreadable, match="encrypted") as failure:
        extract(tmp_path / "secret.eml")
    assert failure.value.code is ErrorCode.ENCRYPTED_DOCUMENT


def tnef(body: str, attachment: str) -> bytes:
    """Return an Outlook container (MS-OXTNEF) with a text and an attached file."""
    parts = [
        (1, 0x0002800C, body.encode("cp1252") + b"\0"),
        (2, 0x00069002, bytes(14)),
        (2, 0x00018010, attachment.encode("cp1252") + b"\0"),
        (2, 0x0006800F, b"content"),
    ]
    encoded = (
        struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
        for level, name, data in parts
    )
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(encoded)


@pytest.mark.parametrize("text", ["", "Plain version."])
def test_an_outlook_container_has_the_text_of_a_message_without_one(tmp_path: Path, text: str) -> None:
    message = EmailMessage()
    message["Subject"] = "Keys"
    message.set_content(text)
    content = tnef("Behind the green oar.", "plan.pdf")
    message.add_attachment(content, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    found = extract(tmp_path / "a.eml")
    assert found.text == f"Keys\n\n{text or 'Behind the green oar.'}\n\nAttachments: plan.pdf"
    assert found.warnings == ("Attachments were not read: plan.pdf. Upload them as separate documents.",)


def test_a_message_in_rtf_alone_is_read(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Keys"
    message.set_content(
        rb"{\rtf1\ansi Behind the \b green\b0  oar.\par}", maintype="text", subtype="rtf", disposition="inline"
    )
    (tmp_path / "a.eml").write_bytes(message.as_bytes())
    assert extract(tmp_path / "a.eml").text == "Keys\n\nBehind the green oar."
