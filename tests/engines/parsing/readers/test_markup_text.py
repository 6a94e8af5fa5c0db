"""Text formats that docling converts: Markdown, AsciiDoc and LaTeX."""

from pathlib import Path

from tests.engines.parsing.in_process import extract_content, extract_sample
from tests.support.documents import files


def test_markdown_keeps_headings_lists_tables_and_code(tmp_path: Path) -> None:
    notes = extract_content(tmp_path, "bees.md", files.MARKDOWN)
    assert notes.document.title == "Beekeeping notes"
    assert "Some calm days in spring, with smoke, are best" in notes.text
    assert "Hive: blue, Frames: 11, Honey: 14 kg\nHive: white" in notes.text
    assert "honey = frames * 1.3" in notes.text
    assert notes.chunk_with("Philippa").headings == ("Beekeeping notes", "Hives")


def test_asciidoc_keeps_headings_lists_code_and_tables_with_one_cell_per_line(tmp_path: Path) -> None:
    rope = extract_sample(tmp_path, "rope.adoc")
    assert [heading.text for heading in rope.document.outline] == ["The Rope Book", "Splices"]
    assert "- Marlinspike\n- Fid\n\nRope: Hemp, Load: 2.1 t" in rope.text
    assert "def splice(rope):\n    return rope * 2" in rope.text


def test_latex_is_read_without_commands_and_comments(tmp_path: Path) -> None:
    halyards = extract_sample(tmp_path, "halyards.tex")
    assert [heading.text for heading in halyards.document.outline] == ["On Halyards", "Strength", "Table of loads"]
    assert "- Main halyard\n- Jib halyard" in halyards.text
    assert "Main, 900 kg" in halyards.text
    assert "Measured in 1999." in halyards.text
    assert "a comment that nobody reads" not in halyards.text


def test_files_included_by_latex_are_named_and_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.tex").write_text("the combination is 4711")
    body = "\\documentclass{article}\\begin{document}\nBefore.\n\\input{secret}\nAfter.\\end{document}"
    main = extract_content(tmp_path, "main.tex", body)
    assert "4711" not in main.text
    assert main.warnings == ("Included files were not read: secret. Upload them as separate documents.",)
