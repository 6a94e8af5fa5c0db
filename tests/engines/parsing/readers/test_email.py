"""E-mail messages."""

from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract, extract_content, extract_sample


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


def test_an_encrypted_message_is_rejected(tmp_path: Path) -> None:
    headers = 'From: a@example.org\nSubject: x\nContent-Type: multipart/encrypted; boundary="b"\n\n--b\n\nx\n--b--\n'
    (tmp_path / "secret.eml").write_text(headers)
    with pytest.raises(DocumentUnreadable, match="encrypted") as failure:
        extract(tmp_path / "secret.eml")
    assert failure.value.code is ErrorCode.ENCRYPTED_DOCUMENT
