"""What is read of files changes only together with the parser's version, so that nobody's documents stay as an older one
read them. Where a digest below differs, raise `PARSER_VERSION` if it was released since it was last raised, and write
the new digests here."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from engines.parsing.version import PARSER_VERSION
from tests.engines.parsing.extracting import extract
from tests.support.files import write_docx, write_html, write_pdf, write_two_column_pdf
from tests.support.samples import SENTENCES, SPECIMENS, write

TABLE = "Bolt;Torque\nA;35 Nm\nB;50 Nm\n"
MARKDOWN = "# Bolts\n\nTwo of them.\n\n## Torque\n\n| Bolt | Nm |\n|---|---|\n| A | 35 |\n\n- grease it\n- tighten it\n"
PROSE = "Bolt A takes 35 Nm. It is greased before it is tightened, and looked at again after a week.\n\n" * 40
WRITERS: dict[str, Callable[[Path], object]] = {
    "handbook.pdf": write_pdf,
    "columns.pdf": write_two_column_pdf,
    "handbook.docx": write_docx,
    "page.html": write_html,
    "bolts.csv": lambda path: path.write_text(TABLE),
    "bolts.md": lambda path: path.write_text(MARKDOWN),
    "bolts.txt": lambda path: path.write_text(PROSE),
}
READ_BY: tuple[int, dict[str, str]] = (
    1,
    {
        "handbook.pdf": "cefacd256f82",
        "columns.pdf": "09264e782cc1",
        "handbook.docx": "09ebc5402514",
        "page.html": "f49729537d41",
        "bolts.csv": "ca1798955436",
        "bolts.md": "24dd3897cad5",
        "bolts.txt": "09af454cff95",
        "briefing.pptx": "527467bb766b",
        "tides.xlsx": "a93af8917c9b",
        "kelp.epub": "e165dac3f1a2",
        "foghorn.eml": "d4f0ffc1f4e4",
        "station.json": "a87609affa14",
        "buoys.jsonl": "cce8e6b60b54",
        "lamp.xml": "d20eb39cedd0",
        "fleet.xml": "bf8116f743cf",
        "rope.adoc": "36a78ec5227f",
        "halyards.tex": "22aa137e4b75",
        "gauge.py": "46fb4a0997ba",
        "harbour.docx": "7a4ef2bf9179",
        "harbour.epub": "b44694f8c52c",
    },
)


def make(folder: Path, name: str) -> Path:
    if name in WRITERS:
        WRITERS[name](folder / name)
        return folder / name
    return SPECIMENS / name if (SPECIMENS / name).exists() else write(folder, name)


def digest(path: Path) -> str:
    """Of the text with its headings, and of where it was cut; boxes are rounded by each machine in its own way."""
    found = extract(path)
    outline = [(each.text, each.level, each.offset, each.page) for each in found.document.outline]
    chunks = [
        (each.start_offset, each.end_offset, each.context, each.page_start, each.page_end) for each in found.chunks
    ]
    said = json.dumps([found.text, outline, chunks], ensure_ascii=False)
    return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()


def test_what_is_read_of_files_is_what_this_version_reads(tmp_path: Path) -> None:
    names = [*WRITERS, *SENTENCES, "harbour.docx", "harbour.epub"]
    assert (PARSER_VERSION, {name: digest(make(tmp_path, name)) for name in names}) == READ_BY
