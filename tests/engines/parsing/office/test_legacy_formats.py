"""Old formats, which LibreOffice converts. These tests replace LibreOffice by a script."""

import os
import time
from pathlib import Path

import pytest

from engines.parsing.detection.detect import detect_type
from engines.parsing.formats import legacy
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.worker.office.libreoffice import converted
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers import legacy as reader
from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import extract
from tests.support.documents.office_packages import paragraph, shape, slides, word
from tests.support.documents.outlook import write_container

COPY = """#!/bin/sh
while [ $# -gt 1 ]; do
  case "$1" in --convert-to) format=$2;; --outdir) folder=$2;; -env:*) profile=${1#*file://};; esac
  shift
done
[ -f "$profile/user/registrymodifications.xcu" ] && cat "$1" > /dev/null && cp "%s.$format" "$folder/document.$format"
"""
"""A program with the options of LibreOffice that copies a prepared file."""


def install(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a program `soffice` and make it the first one on PATH."""
    (folder / "soffice").write_text(script)
    (folder / "soffice").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("stream", "name", "media_type", "text"),
    [
        ("WordDocument", "a.doc", legacy.WORD, "Nine tonnes."),
        ("WordDocument", "a.dot", legacy.WORD, "Nine tonnes."),
        ("PowerPoint Document", "a.ppt", legacy.POWERPOINT, "Watch"),
        ("WORDDOCUMENT", "a.doc", legacy.WORD, "Nine tonnes."),
        ("PowerPoint Document", "letter.txt", legacy.POWERPOINT, "Watch"),
        ("MatOST", "a.wps", legacy.WORKS, "Nine tonnes."),
    ],
)
def test_old_files_are_converted_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: str, name: str, media_type: str, text: str
) -> None:
    word(paragraph("Nine tonnes.")).write(tmp_path / "new.docx")
    slides(shape("Watch", placeholder="title")).write(tmp_path / "new.pptx")
    install(tmp_path, COPY % (tmp_path / "new"), monkeypatch)
    write_container(tmp_path / name, {stream: b"old"})
    found = extract(tmp_path / name)
    assert (found.text, found.document.media_type) == (text, media_type)
    assert found.document.properties["converted_by"] == "LibreOffice"


def test_a_word_perfect_file_is_detected_by_its_first_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "#!/bin/sh\n", monkeypatch)
    (tmp_path / "a.wpd").write_bytes(b"\xffWPC" + bytes(600))
    assert detect_type(tmp_path / "a.wpd", "a.wpd").require() == legacy.WORD_PERFECT


def test_without_libreoffice_the_message_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    write_container(tmp_path / "a.doc", {"WordDocument": b"old"})
    detected = detect_type(tmp_path / "a.doc", "a.doc")
    assert (detected.supported, detected.media_type) == (False, legacy.WORD)
    assert "Install LibreOffice" in (detected.reason or "")
    context = ParseContext(tmp_path / "a.doc", "a.doc", legacy.WORD, ParsingLimits())
    with pytest.raises(DocumentUnreadable, match="Install LibreOffice") as failure:
        list(reader.read(context))
    assert failure.value.code is ErrorCode.UNSUPPORTED


def test_a_file_that_libreoffice_cannot_read_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "#!/bin/sh\nexit 1\n", monkeypatch)
    write_container(tmp_path / "a.doc", {"WordDocument": b"old"})
    with pytest.raises(DocumentUnreadable, match="cannot read the file") as failure:
        extract(tmp_path / "a.doc")
    assert failure.value.code is ErrorCode.CORRUPT_DOCUMENT


def test_a_conversion_that_takes_too_long_is_ended_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    install(tmp_path, f"#!/bin/sh\nsleep 300 &\necho $! > {pids}.new\nmv {pids}.new {pids}\nwait\n", monkeypatch)
    (tmp_path / "a.doc").write_bytes(b"old")
    conversion = converted(tmp_path / "a.doc", ".doc", "docx", seconds=2.0)
    with pytest.raises(DocumentUnreadable, match="did not convert the file within") as failure, conversion:
        pass
    assert failure.value.code is ErrorCode.PARSER_LIMIT
    assert not is_running(int(pids.read_text()))


def is_running(pid: int) -> bool:
    """Return True if a process has not ended. A zombie, whose parent has not waited for it yet, has ended."""
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return False
        time.sleep(0.05)
    return True


def test_web_pages_and_rtf_named_doc_are_read_without_libreoffice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "a.doc").write_text("<html><body><p>Nine tonnes.</p></body></html>")
    (tmp_path / "b.doc").write_text(r"{\rtf1 Nine tonnes.}")
    assert extract(tmp_path / "a.doc").text == extract(tmp_path / "b.doc").text == "Nine tonnes."
