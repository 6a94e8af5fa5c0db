"""Mailboxes (mbox) and Outlook messages (MSG)."""

import struct
import tracemalloc
from pathlib import Path

import pytest

from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.worker.mail.mailbox import message_contents
from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract, extract_content
from tests.support.documents import outlook
from tests.support.documents.outlook import OutlookMessage, write_msg

LETTER = """From {sender} Tue Mar  4 09:12:00 2031
From: {sender}
To: bo@mail.example
Subject: {subject}
Message-ID: <{subject}@mail.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{text}

"""
KEYS = LETTER.format(sender="lin@mail.example", subject="Keys", text="Behind the oar.\n\nFrom here it is a short walk.")
REPLY = LETTER.format(sender="bo@mail.example", subject="Re: Keys", text=">From now on, the padlock code is 7719.")
KEY_MESSAGE = OutlookMessage(
    {
        outlook.SUBJECT: "Schlüssel",
        outlook.BODY: "See the HTML.",
        outlook.HTML: "<p>The key hangs behind the green oar – 790 €.</p>".encode("cp1252"),
        outlook.CODE_PAGE: 1252,
        outlook.SENDER_NAME: "Lin",
        outlook.SENDER_ADDRESS: "lin@mail.example",
        outlook.MESSAGE_CLASS: "IPM.Note",
    },
    [{outlook.NAME: "Bo", outlook.ADDRESS: "bo@mail.example", outlook.RECIPIENT_TYPE: 1}],
    [
        {outlook.FILE_NAME: "Plan für März.pdf", outlook.MIME_TYPE: "application/pdf"},
        OutlookMessage({outlook.SUBJECT: "Inner", outlook.BODY: "Padlock code 7719."}),
    ],
)


@pytest.mark.parametrize("name", ["letters.mbox", "letters", "letters.txt", "letters.eml"])
def test_the_messages_of_a_mailbox_are_read_in_order(tmp_path: Path, name: str) -> None:
    found = extract_content(tmp_path, name, KEYS + REPLY)
    assert [(heading.text, heading.level) for heading in found.document.outline] == [("Keys", 1), ("Re: Keys", 1)]
    assert found.document.title == "letters"
    assert found.document.media_type == "application/mbox"
    assert found.document.properties["messages"] == 2
    assert "Behind the oar.\n\nFrom here it is a short walk." in found.text
    assert "\n\nFrom now on, the padlock code is 7719." in found.text


def test_a_mailbox_of_one_message_is_a_message_unless_its_name_says_otherwise(tmp_path: Path) -> None:
    assert extract_content(tmp_path, "one", KEYS).document.media_type == "message/rfc822"
    assert extract_content(tmp_path, "one.mbox", KEYS).document.media_type == "application/mbox"


def test_encrypted_messages_of_a_mailbox_are_counted(tmp_path: Path) -> None:
    secret = KEYS.replace("text/plain; charset=utf-8", "application/pkcs7-mime").replace("Keys", "Secret")
    assert extract_content(tmp_path, "a.mbox", secret + REPLY).warnings == (
        "1 of 2 messages are encrypted and were not read: 1.",
    )


def test_a_mailbox_is_read_one_message_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "large.mbox").write_text(KEYS * 40_000)
    tracemalloc.start()
    count = sum(1 for _ in message_contents(tmp_path / "large.mbox", 1024))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 40_000
    assert peak < 1024 * 1024


def test_a_message_above_the_limit_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "large.mbox").write_text(KEYS + REPLY)
    with pytest.raises(DocumentUnreadable) as failure:
        extract(tmp_path / "large.mbox", limits=ParsingLimits(message_bytes=100))
    assert failure.value.code is ErrorCode.PARSER_LIMIT


@pytest.mark.parametrize("name", ["letter.msg", "letter", "letter.doc"])
def test_an_outlook_message_is_read_like_e_mail(tmp_path: Path, name: str) -> None:
    write_msg(tmp_path / name, KEY_MESSAGE)
    found = extract(tmp_path / name)
    assert (found.document.title, found.document.media_type) == ("Schlüssel", "application/vnd.ms-outlook")
    assert found.text == (
        "Schlüssel\n\nFrom: Lin <lin@mail.example>\nTo: Bo <bo@mail.example>\n\n"
        "The key hangs behind the green oar – 790 €.\n\nInner\n\nPadlock code 7719.\n\nAttachments: Plan für März.pdf"
    )
    assert [(heading.text, heading.level) for heading in found.document.outline] == [("Schlüssel", 1), ("Inner", 2)]
    assert found.warnings == ("Attachments were not read: Plan für März.pdf. Upload them as separate documents.",)


def test_the_headers_of_an_outlook_message_are_those_of_its_transport(tmp_path: Path) -> None:
    headers = "From: =?utf-8?q?L=C3=ACn?= <lin@mail.example>\r\nTo: bo@mail.example\r\n"
    headers += "Date: Tue, 04 Mar 2031 09:12:00 +0100\r\n"
    message = OutlookMessage({outlook.SUBJECT: "Keys", outlook.BODY: "Oar.", outlook.HEADERS: headers})
    write_msg(tmp_path / "a.msg", message)
    found = extract(tmp_path / "a.msg")
    shown = "From: Lìn <lin@mail.example>\nTo: bo@mail.example\nDate: Tue, 04 Mar 2031 09:12:00 +0100"
    assert found.text == f"Keys\n\n{shown}\n\nOar."
    assert found.document.properties["created"] == "2031-03-04T09:12:00+01:00"


def compressed_rtf(text: str) -> bytes:
    """Return RTF as Outlook stores it: a header, and the text without compression."""
    content = text.encode("cp1252")
    return struct.pack("<II4sI", len(content) + 12, len(content), b"MELA", 0) + content


def test_the_rtf_of_an_outlook_message_is_read(tmp_path: Path) -> None:
    rtf = r"{\rtf1\ansi The key \b hangs\b0  behind the green oar.\par}"
    write_msg(tmp_path / "a.msg", OutlookMessage({outlook.SUBJECT: "Keys", outlook.RTF: compressed_rtf(rtf)}))
    found = extract(tmp_path / "a.msg")
    assert found.text == "Keys\n\nThe key hangs behind the green oar."
    assert found.warnings == ()


def test_html_in_the_rtf_of_an_outlook_message_is_read(tmp_path: Path) -> None:
    rtf = (
        r"{\rtf1\ansi\ansicpg1252\fromhtml1 {\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}}"
        r"{\*\htmltag64 <table><tr><th>}Berth{\*\htmltag <th>}Fee{\*\htmltag <tr><td>}\htmlrtf\par\htmlrtf0 "
        r"7 & 8{\*\htmltag <td>}\'80 41{\*\htmltag </table>}{\f1\'cf\'f0}}"
    )
    write_msg(tmp_path / "a.msg", OutlookMessage({outlook.SUBJECT: "Keys", outlook.RTF: compressed_rtf(rtf)}))
    assert extract(tmp_path / "a.msg").text == "Keys\n\nBerth: 7 & 8, Fee: € 41\n\nПр"


@pytest.mark.parametrize("stored", [b"compressed", struct.pack("<II4sI", 40, 400, b"LZFu", 7) + b"x" * 28])
def test_damaged_rtf_of_an_outlook_message_adds_a_warning(tmp_path: Path, stored: bytes) -> None:
    write_msg(tmp_path / "a.msg", OutlookMessage({outlook.SUBJECT: "Keys", outlook.RTF: stored}))
    assert extract(tmp_path / "a.msg").warnings == (
        "The text of a message is stored as damaged or very large RTF and was not read. Save the message as .eml.",
    )


def test_an_encrypted_outlook_message_is_rejected(tmp_path: Path) -> None:
    write_msg(tmp_path / "a.msg", OutlookMessage({outlook.SUBJECT: "Keys", outlook.MESSAGE_CLASS: "IPM.Note.SMIME"}))
    with pytest.raises(DocumentUnreadable) as failure:
        extract(tmp_path / "a.msg")
    assert failure.value.code is ErrorCode.ENCRYPTED_DOCUMENT
