"""A change of the extracted text needs an increase of the parser's version, so that documents are parsed again.

If a digest below differs, increase `PARSER_VERSION`, unless the current version has not been released yet. Then update the
digests.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from engines.parsing.version import PARSER_VERSION
from tests.engines.parsing.in_process import extract
from tests.support.documents.files import write_docx, write_html, write_pdf, write_two_column_pdf
from tests.support.documents.samples import LIBREOFFICE_FILES, SENTENCES, write

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
DIGESTS: tuple[int, dict[str, str]] = (
    4,
    {
        "handbook.pdf": "c94f70d8c981",
        "columns.pdf": "d1773e320f8e",
        "handbook.docx": "9c93c090b406",
        "page.html": "28255b71a8a7",
        "bolts.csv": "ca1798955436",
        "bolts.md": "24dd3897cad5",
        "bolts.txt": "09af454cff95",
        "briefing.pptx": "527467bb766b",
        "tides.xlsx": "a93af8917c9b",
        "gulls.ods": "d429b00b1413",
        "kelp.epub": "e165dac3f1a2",
        "foghorn.eml": "d4f0ffc1f4e4",
        "letters.mbox": "40083b154610",
        "winch.msg": "8d8de3293b99",
        "ebb.ipynb": "171110c3e9d6",
        "station.json": "a87609affa14",
        "buoys.jsonl": "cce8e6b60b54",
        "lamp.xml": "d20eb39cedd0",
        "fleet.xml": "bf8116f743cf",
        "rope.adoc": "36a78ec5227f",
        "halyards.tex": "22aa137e4b75",
        "gauge.py": "46fb4a0997ba",
        "anchor.odt": "a43d8e5a495e",
        "drill.odp": "fba4059a48ba",
        "moorings.rtf": "87bb6620a703",
        "harbour.docx": "7a4ef2bf9179",
        "harbour.epub": "b44694f8c52c",
    },
)
"""The parser version, and a digest of the result for each file."""


def write_file(folder: Path, name: str) -> Path:
    if name in WRITERS:
        WRITERS[name](folder / name)
        return folder / name
    stored = LIBREOFFICE_FILES / name
    return stored if stored.exists() else write(folder, name)


def digest(path: Path) -> str:
    """Return a digest of text, outline and chunk boundaries, without boxes, whose rounding differs between machines."""
    found = extract(path)
    outline = [(each.text, each.level, each.offset, each.page) for each in found.document.outline]
    chunks = [
        (each.start_offset, each.end_offset, each.context, each.page_start, each.page_end) for each in found.chunks
    ]
    result = json.dumps([found.text, outline, chunks], ensure_ascii=False)
    return hashlib.blake2b(result.encode(), digest_size=6).hexdigest()


def test_the_extracted_text_changes_only_with_the_parser_version(tmp_path: Path) -> None:
    names = [*WRITERS, *SENTENCES, "harbour.docx", "harbour.epub"]
    assert (PARSER_VERSION, {name: digest(write_file(tmp_path, name)) for name in names}) == DIGESTS
