"""Text formats that docling converts: Markdown, AsciiDoc and LaTeX."""

from pathlib import Path

import pytest

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


ASCIIDOC = """= Winch
:version: 7.4

Version {version}footnote:[Since May.] of the winch, see {missing}.

image::winch.png[A red winch, 200]

[quote, Ida Holm]
____
Oil it.
____

include::parts.adoc[]

----
{version} image::x.png[kept]
----
"""


def test_asciidoc_macros_become_words_and_included_files_are_named(tmp_path: Path) -> None:
    winch = extract_content(tmp_path, "winch.adoc", ASCIIDOC)
    for words in (
        "Version 7.4 [Since May.] of the winch, see {missing}.",
        "Image: A red winch",
        "Ida Holm:",
        "Oil it.",
    ):
        assert words in winch.text
    assert "{version} image::x.png[kept]" in winch.text
    assert winch.warnings == ("Included files were not read: parts.adoc. Upload them as separate documents.",)


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


TIES = r"""\documentclass{article}
\newcommand{\price}[2]{#1~crowns for #2}
\begin{document}
The boat pays \price{41}{one night}. See Table~\ref{t:f}, \url{https://e.org/~ida} and $x~y$.
\begin{tabular}{l|rr}
Boat & \multicolumn{2}{c}{Fee} \\
 & day & week \\ \hline
Fid % a comment with & and ~
 & 41 & $2.3\cdot10^{3}$ \\
\multirow{2}{*}{Möwe} & 12 & 67 \\
\multicolumn{3}{c}{Dogs are free}
\end{tabular}
\rule{0pt}{2.2ex}The end\hspace{1em}of it.
\begin{verbatim}
cd ~/harbour && \multicolumn{2}{c}{x}
\end{verbatim}
\end{document}
"""


def test_latex_ties_merged_cells_and_sizes_do_not_reach_the_text(tmp_path: Path) -> None:
    found = extract_content(tmp_path, "ties.tex", TIES)
    assert "The boat pays 41 crowns for one night. See Table [t:f]," in found.text
    assert "https://e.org/~ida" in found.text
    assert "Boat: Fid, Fee day: 41, Fee week: 2.3·10^3\nBoat: Möwe, Fee day: 12, Fee week: 67" in found.text
    assert "Dogs are free" in found.text
    assert "The end" in found.text
    assert not any(leak in found.text for leak in ("2cDogs", "0pt", "2.2ex", "1em", "a comment"))
    assert "cd ~/harbour && \\multicolumn{2}{c}{x}" in found.text


MARKDOWN = """---
title: Berth rules
author: [Ida Holm, Lin]
date: 2031-03-04
season: {from: May, until: September}
---
# Fees

- [x] Chain greased
- [ ] Hull painted ![A red boat](boat.png)

Fill in [the form](https://e.org/b12.pdf "Form B12") by Monday[^1].

!!! warning "Mind the crane"
    It swings.

Owner
: Ida Holm

| Boat | Fee |
|------|----:|
| Fid  | [41](fees.html) |

<details><summary>Dogs</summary>

Dogs are **free**.

</details>

[^1]: Noon, that is.
"""


def test_markdown_keeps_metadata_check_boxes_targets_and_alternative_texts(tmp_path: Path) -> None:
    found = extract_content(tmp_path, "rules.md", MARKDOWN)
    assert found.document.title == "Berth rules"
    assert found.document.properties == {"author": "Ida Holm, Lin", "created": "2031-03-04"}
    assert found.text == (
        "title: Berth rules\nauthor: Ida Holm, Lin\ndate: 2031-03-04\nseason.from: May, season.until: September\n\n"
        "Fees\n\n- [x] Chain greased\n- [ ] Hull painted [Image: A red boat]\n\n"
        "Fill in the form by Monday[1].\n[the form]: https://e.org/b12.pdf\n\nMind the crane\n\nIt swings.\n\n"
        "Owner: Ida Holm\n\nBoat: Fid, Fee: 41 (fees.html)\n\nDogs\n\nDogs are free.\n\n1. Noon, that is."
    )


def test_front_matter_in_toml_is_read(tmp_path: Path) -> None:
    found = extract_content(tmp_path, "a.md", '+++\ntitle = "Berth"\nyear = 2031\n+++\nWords.\n')
    assert (found.document.title, found.text) == ("Berth", "title: Berth\nyear: 2031\n\nWords.")


@pytest.mark.parametrize(
    "start",
    [
        "---\na: &x [1]\nb: [*x, *x]\n---\n",
        "---\na: [1\n---\n",
        "+++\na = \n+++\n",
        "---\njust words\n---\n",
        "---\n\nRule\n",
    ],
)
def test_what_is_no_metadata_stays_in_the_text(tmp_path: Path, start: str) -> None:
    found = extract_content(tmp_path, "a.md", f"{start}\nWords.\n")
    assert found.document.properties == {}
    assert found.text.endswith("Words.")
    letters = [character for character in start if character.isalnum()]
    assert all(letter in found.text for letter in letters)
