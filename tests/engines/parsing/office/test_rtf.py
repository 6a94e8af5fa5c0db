r"""RTF documents: encodings, lists, tables, notes, fields and text boxes."""

from pathlib import Path

import pytest

from records.codes import ErrorCode
from records.errors import DocumentUnreadable
from tests.engines.parsing.in_process import Extracted, extract_checked

HEAD = (
    r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}{\f2\fcharset128 MS Mincho;}"
    r"{\f3\fcharset2 Wingdings;}}"
)


def read(folder: Path, content: str) -> Extracted:
    (folder / "a.rtf").write_bytes(f"{HEAD}{content}}}".encode("latin-1"))
    return extract_checked(folder / "a.rtf")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (r"caf\'e9 \endash  \lquote x\rquote", "café – ‘x’"),
        (r"{\f1\'cf\'f0\'e8\'e2\'e5\'f2}", "Привет"),
        (r"{\f2\'8a\'43}", "海"),
        (r"{\uc1\u1055?\u1088?}{\uc2\u8364\'80\'80} 5", "Пр€ 5"),
        (r"\u-10179?\u-8704?", "😀"),
        (r"{\upr{ansi}{\*\ud{\u8364?}}}", "€"),
        (r"a\~b\_c\-d \{x\} \\", "a b-cd {x} \\"),
        (r"{\f3\'fe} done, {\f3\'a8} open", "☒ done, ☐ open"),
        (r"{\*\unknown secret}{\fs18.5 size}{\v secret}", "sizesecret"),
    ],
)  # fmt: skip
def test_characters_are_decoded(tmp_path: Path, content: str, text: str) -> None:
    assert read(tmp_path, content).text == text


def test_headings_lists_and_properties_are_read(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        r"{\stylesheet{\s0 Normal;}{\s1 heading 1;}}{\info{\title Harbour rules}{\author Ida Holm}}"
        r"{\pard\s1 Mooring\par}{\pard\outlinelevel1 Fees\par}{\pard{\listtext 1.\tab}one\par}"
        r"{\pard{\listtext 2.\tab}two\par}{\pard{\pntext\f3\'b7\tab}bullet\par}",
    )
    assert [(heading.text, heading.level) for heading in found.document.outline] == [("Mooring", 1), ("Fees", 2)]
    assert found.text.endswith("1. one\n2. two\n- bullet")
    assert (found.document.title, found.document.properties["author"]) == ("Harbour rules", "Ida Holm")


def row(*cells: str, definitions: str = r"\cellx2000\cellx4000\cellx6000") -> str:
    return "".join([rf"\trowd{definitions}\pard\intbl ", *(rf"{cell}\cell " for cell in cells), r"\row "])


def test_tables_have_merged_cells_and_nested_tables(tmp_path: Path) -> None:
    start, rest = r"\clvmgf\cellx2000\cellx4000\cellx6000", r"\clvmrg\cellx2000\cellx4000\cellx6000"
    nested = (
        r"\pard\intbl\itap2 Mesh\nestcell 90\nestcell{\*\nesttableprops\trowd\cellx1000\cellx2000\nestrow}"
        r"{\nonesttables\par}\pard\intbl\itap1 "
    )
    found = read(
        tmp_path,
        row("Ship", "Watch", "Mate") + row("Petrel", "day", "Ida", definitions=start)
        + row("", "night", "Bo", definitions=rest) + row("Tern", nested + "x", "Lin") + r"\pard after\par",
    )  # fmt: skip
    assert found.text.split("\n") == [
        "Ship: Petrel, Watch: day, Mate: Ida",
        "Ship: Petrel, Watch: night, Mate: Bo",
        "Ship: Tern, Watch: Mesh: 90 x, Mate: Lin",
        "",
        "after",
    ]


def test_notes_headers_and_comments_follow_the_text(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        r"{\header Harbour board\par}The quay{\footnote Rebuilt in 1987.}{\footnote\ftnalt See the plan.}"
        r"{\*\atnauthor Bo Lind}{\*\annotation Which quay?} is old.\par",
    )
    assert found.text.split("\n\n") == [
        "The quay is old.",
        "Page header: Harbour board",
        "Footnote: Rebuilt in 1987.",
        "Endnote: See the plan.",
        "Comment by Bo Lind: Which quay?",
    ]


def test_fields_and_text_boxes_are_read(tmp_path: Path) -> None:
    box = r"{\field{\*\fldinst FORMCHECKBOX {\*\formfield{\fftype1\ffres%d\ffdefres0}}}{\fldrslt}}"
    found = read(
        tmp_path,
        r'{\field{\*\fldinst{HYPERLINK "https://harbour.example/f"}}{\fldrslt the fees}}\par '
        + box % 1 + r" greased\par " + box % 0 + r" painted\par "
        + r'{\field{\*\fldinst SYMBOL 254 \\f "Wingdings"}{\fldrslt}} sealed\par '
        + r"{\shp{\*\shpinst{\sp{\sn a}{\sv b}}{\shptxt Call 112.\par}}{\shprslt Call 112.}}end\par",
    )  # fmt: skip
    assert found.text.split("\n\n") == [
        "the fees (https://harbour.example/f)", "☒ greased", "☐ painted", "☒ sealed", "Call 112.", "end",
    ]  # fmt: skip


def test_pictures_deletions_and_hidden_words_are_counted(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        r"{\*\shppict{\pict ffd8}}{\nonshppict{\pict 00}}{\object{\*\objclass Excel.Sheet}{\*\objdata 0a}{\result{\pict 0}}}"
        r"kept {\deleted gone}{\v two words}\par",
    )
    assert found.text == "kept two words"
    assert found.document.coverage.pictures == 2
    assert found.warnings == (
        "Tracked changes were read as accepted: 1 deletion was left out.",
        "2 hidden words were read.",
        "1 embedded objects were not read: Excel.Sheet.",
    )


def test_binary_data_is_skipped(tmp_path: Path) -> None:
    assert read(tmp_path, r"a {\pict\bin5 }}{{\}b").text == "a b"


def test_too_many_nested_groups_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_bytes(b"{\\rtf1 " + b"{" * 100_000 + b"core")
    with pytest.raises(DocumentUnreadable, match="nested") as failure:
        extract_checked(tmp_path / "a.rtf")
    assert failure.value.code is ErrorCode.PARSER_LIMIT


@pytest.mark.parametrize("content", ["", r"\par", r"}}}}\cell\row text", r"\trowd\cellx1\row", r"\u99999999? x\'"])
def test_damaged_files_do_not_fail(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.rtf").write_bytes(f"{HEAD}before {content} behind".encode("latin-1"))
    assert "behind" in extract_checked(tmp_path / "a.rtf").text
