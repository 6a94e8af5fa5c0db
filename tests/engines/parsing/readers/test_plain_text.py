"""Plain text and source code."""

from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.document import Chunking
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import check_chunks, extract, extract_content, extract_sample


def test_plain_text_keeps_its_paragraphs(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_bytes(b"First\r\nline.\r\n\r\n\r\n  Second\0 paragraph.\n")
    letter = extract(tmp_path / "letter.txt", Chunking(max_tokens=16))
    assert letter.text == "First\nline.\n\n  Second paragraph."
    check_chunks(letter.text, letter.chunks, 16)


def test_a_very_long_line_is_read_in_blocks_without_loss(tmp_path: Path) -> None:
    content = "word " * 50_000 + "x" * 100_000
    assert extract_content(tmp_path, "long.txt", content).text == content


def test_a_file_of_only_whitespace_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "blank.txt").write_text(" \n \n\t\n" * 1000)
    with pytest.raises(DocumentUnreadable) as failure:
        extract(tmp_path / "blank.txt")
    assert failure.value.code is ErrorCode.NO_TEXT


def test_the_blocks_of_code_end_at_definitions(tmp_path: Path) -> None:
    gauge = extract_sample(tmp_path, "gauge.py")
    assert gauge.document.properties["language"] == "python"
    assert '"""\n\n    if height < 0:\n        return 0.0\n' in gauge.text
    assert gauge.text.endswith("class Gauge:\n    zero = 118")


def test_a_long_program_is_read_in_blocks_without_loss(tmp_path: Path) -> None:
    program = "\n\n".join(f"def f{number}():\n    return {number}" for number in range(5000)) + "\n\nx = 1"
    assert extract_content(tmp_path, "long.py", program).text == program
    data = "DATA = [\n" + "    1234,\n" * 20_000 + "]"
    assert extract_content(tmp_path, "data.py", data).text == data


def test_a_program_with_very_many_blank_lines_is_read(tmp_path: Path) -> None:
    found = extract_content(tmp_path, "blank.py", "x = 1\n" + "   \n" * 200_000 + "    y = 2")
    assert found.text.startswith("x = 1\n")
    assert found.text.endswith("    y = 2")
