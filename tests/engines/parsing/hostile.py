"""Files that are broken or made to harm, of every format; all chances are drawn from fixed seeds."""

import random
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.support import files, samples
from tests.support.scans import Drawn, draw_page

WORD, POWERPOINT, EXCEL, BOOK = "file.docx", "file.pptx", "file.xlsx", "file.epub"
ARCHIVES = (WORD, POWERPOINT, EXCEL, BOOK)
BODIES = {
    WORD: "word/document.xml",
    POWERPOINT: "ppt/slides/slide1.xml",
    EXCEL: "xl/worksheets/sheet1.xml",
    BOOK: "OPS/two.xhtml",
}
"""The part of an archive that holds text."""
_ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<!DOCTYPE d [<!ENTITY l0 "lollipop">{_ENTITIES}]>'
THIEF = '<!DOCTYPE d [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>'


def _copy(name: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes((samples.SPECIMENS / name).read_bytes())


def _sample(name: str) -> Callable[[Path], object]:
    return lambda path: samples.write(path.parent, name).replace(path)


def _notice(path: Path) -> None:
    draw_page([Drawn("Mind the swell at the outer steps.", 20, 30)], size=(300, 80)).save(path, "PNG")


SOUND: dict[str, Callable[[Path], object]] = {
    "file.pdf": files.write_pdf,
    WORD: files.write_docx,
    POWERPOINT: _copy("briefing.pptx"),
    EXCEL: _copy("tides.xlsx"),
    BOOK: _sample("kelp.epub"),
    "file.png": _notice,
    "file.html": files.write_html,
    "file.md": lambda path: path.write_text(files.MARKDOWN),
    "file.csv": lambda path: path.write_text(files.CSV + files.CSV),
    "file.txt": lambda path: path.write_text(files.MARKDOWN),
    "file.eml": _sample("foghorn.eml"),
    "file.json": _sample("station.json"),
    "file.jsonl": _sample("buoys.jsonl"),
    "file.xml": _sample("lamp.xml"),
    "file.rss": _sample("fleet.xml"),
    "file.adoc": _sample("rope.adoc"),
    "file.tex": _sample("halyards.tex"),
    "file.py": _sample("gauge.py"),
}
"""A sound file of each format, by a name that fits."""


def parts_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def repack(path: Path, parts: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)


def write_cut(path: Path, seed: int) -> None:
    """Ends somewhere between its second byte in ten and its last."""
    SOUND[path.name](path)
    content = path.read_bytes()
    path.write_bytes(content[: random.Random(seed).randrange(len(content) // 5, len(content) - 1)])


def write_flipped(path: Path, seed: int) -> None:
    """Some bytes are others, though not the first ones."""
    SOUND[path.name](path)
    content, places = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(max(3, min(20, len(content) // 500))):
        content[places.randrange(8, len(content))] ^= places.randrange(1, 256)
    path.write_bytes(content)


def write_bomb(path: Path) -> None:
    SOUND[path.name](path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("more.xml", "w") as part:
        for _ in range(600):
            part.write(bytes(files.MIB))


def write_locked(path: Path) -> None:
    """As if every part were encrypted: the flag is set where each is told of."""
    SOUND[path.name](path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        places = [entry.header_offset + 6 for entry in archive.infolist()]
        place = archive.start_dir
    while content[place : place + 4] == b"PK\x01\x02":
        places.append(place + 8)
        place += 46 + sum(int.from_bytes(content[place + at : place + at + 2], "little") for at in (28, 30, 32))
    for flags in places:
        content[flags] |= 1
    path.write_bytes(content)


def write_entities(path: Path, declaration: str) -> None:
    """Declares entities in the part that holds the text, and uses one in it."""
    SOUND[path.name](path)
    parts = parts_of(path)
    body = parts[BODIES[path.name]].decode()
    head, opening, rest = body.partition("?>") if body.startswith("<?xml") else ("", "", body)
    first = rest.index("</", rest.index("<"))
    parts[BODIES[path.name]] = f"{head}{opening}{declaration}{rest[:first]}&l9;{rest[first:]}".encode()
    repack(path, parts)


def write_nested(path: Path, depth: int = 6) -> None:
    """A zip in a zip in a zip, with a Word document in the innermost."""
    files.write_docx(path)
    for level in range(depth):
        content = path.read_bytes()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"level{level}.docx", content)


def write_wide_sheet(path: Path, rows: int, columns: int) -> None:
    """All different, so that it does not compress as bombs do."""
    SOUND[EXCEL](path)
    numbers = random.Random(4)
    cells = ("".join(f"<c><v>{numbers.random()}</v></c>" for _ in range(columns)) for _ in range(rows))
    body = "".join(f"<row>{row}</row>" for row in cells)
    write_sheet(path, f"<sheetData>{body}</sheetData>")


def write_sheet(path: Path, content: str) -> None:
    SOUND[EXCEL](path)
    parts = parts_of(path)
    opening = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    parts[BODIES[EXCEL]] = f"{opening}{content}</worksheet>".encode()
    repack(path, parts)


def write_deep_mail(path: Path, depth: int) -> None:
    head = "From: a@example.org\nTo: b@example.org\nSubject: deep\n"
    parts = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    path.write_text(f"{head}{parts}\ncore\n")


DEEP: dict[str, str] = {
    "deep.json": "[" * 100_000 + "]" * 100_000,
    "half-deep.json": '{"a": ' * 300 + "1" + "}" * 300,
    "deep.jsonl": '{"a": 1}\n' + '{"a": ' * 300 + "1" + "}" * 300 + "\n",
    "deep.xml": '<?xml version="1.0"?>' + "<a>" * 100_000 + "core" + "</a>" * 100_000,
    "deep.docbook": '<?xml version="1.0"?>' + "<section>" * 230 + "core" + "</section>" * 230,
    "deep.tex": "\\documentclass{article}\\begin{document}" + "{" * 5000 + "core" + "}" * 5000 + "\\end{document}",
    "deep.html": "<html><body>" + "<div>" * 100_000 + "core",
    "bomb.xml": f'<?xml version="1.0"?>{BOMB}<d>&l9;</d>',
}
