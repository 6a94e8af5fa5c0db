"""Damaged and malicious files of every format. Random changes are drawn from fixed seeds."""

import random
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.support.documents import files, samples
from tests.support.documents.binary_sheets import BOATS, write_xls, write_xlsb
from tests.support.documents.open_documents import row, table, write_flat, write_odp, write_odt
from tests.support.documents.scans import Drawn, draw_page

WORD, POWERPOINT, EXCEL, BOOK = "file.docx", "file.pptx", "file.xlsx", "file.epub"
OPEN_SHEET, BINARY_SHEET, OLD_SHEET = "file.ods", "file.xlsb", "file.xls"
ODF_TEXT, ODF_SLIDES = "file.odt", "file.odp"
ARCHIVES = (WORD, POWERPOINT, EXCEL, BOOK, OPEN_SHEET, BINARY_SHEET, ODF_TEXT, ODF_SLIDES)
TEXT_PARTS = {
    WORD: "word/document.xml",
    POWERPOINT: "ppt/slides/slide1.xml",
    EXCEL: "xl/worksheets/sheet1.xml",
    BOOK: "OPS/two.xhtml",
    OPEN_SHEET: "content.xml",
    ODF_TEXT: "content.xml",
    ODF_SLIDES: "content.xml",
}
"""The part of each archive that contains text."""
OLE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
_ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ENTITY_BOMB = f'<!DOCTYPE d [<!ENTITY l0 "lollipop">{_ENTITIES}]>'
"""A document type that declares an entity `l9` which expands to a billion words."""
EXTERNAL_ENTITY = '<!DOCTYPE d [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>'
"""A document type that declares an entity `l9` which includes a file of the server."""


def _write_odf_text(path: Path) -> None:
    rows = (row("Boat", "Fee"), row("dinghy", "41"), row("cutter", "66"))
    write_odt(path, f"<text:h>Fees</text:h><text:p>Boats pay by the night.</text:p>{table(*rows)}")


def _write_odf_slides(path: Path) -> None:
    box = "<draw:frame><draw:text-box><text:p>The siren sounds three times.</text:p></draw:text-box></draw:frame>"
    write_odp(path, f"<draw:page>{box}</draw:page>")


def _copy(name: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes((samples.LIBREOFFICE_FILES / name).read_bytes())


def _sample(name: str) -> Callable[[Path], object]:
    return lambda path: samples.write(path.parent, name).replace(path)


def _write_image(path: Path) -> None:
    draw_page([Drawn("Mind the swell at the outer steps.", 20, 30)], size=(300, 80)).save(path, "PNG")


INTACT: dict[str, Callable[[Path], object]] = {
    "file.pdf": files.write_pdf,
    WORD: files.write_docx,
    POWERPOINT: _copy("briefing.pptx"),
    EXCEL: _copy("tides.xlsx"),
    BOOK: _sample("kelp.epub"),
    OPEN_SHEET: _sample("gulls.ods"),
    BINARY_SHEET: lambda path: write_xlsb(path, BOATS),
    OLD_SHEET: lambda path: write_xls(path, BOATS),
    ODF_TEXT: _write_odf_text,
    ODF_SLIDES: _write_odf_slides,
    "file.fodt": lambda path: write_flat(path, "<office:text><text:p>Boats pay by the night.</text:p></office:text>"),
    "file.rtf": lambda path: path.write_text(r"{\rtf1\ansi Boats pay by the night.\par 41 crowns\par}" * 20),
    "file.png": _write_image,
    "file.html": files.write_html,
    "file.md": lambda path: path.write_text(files.MARKDOWN),
    "file.csv": lambda path: path.write_text(files.CSV + files.CSV),
    "file.txt": lambda path: path.write_text(files.MARKDOWN),
    "file.eml": _sample("foghorn.eml"),
    "file.mbox": _sample("letters.mbox"),
    "file.msg": _sample("winch.msg"),
    "file.ipynb": _sample("ebb.ipynb"),
    "file.json": _sample("station.json"),
    "file.jsonl": _sample("buoys.jsonl"),
    "file.xml": _sample("lamp.xml"),
    "file.rss": _sample("fleet.xml"),
    "file.adoc": _sample("rope.adoc"),
    "file.tex": _sample("halyards.tex"),
    "file.py": _sample("gauge.py"),
}
"""Functions that write an intact file of each format. The key is a file name of the format."""


def parts_of(path: Path) -> dict[str, bytes]:
    """Return the entries of a ZIP archive."""
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def repack(path: Path, parts: dict[str, bytes]) -> None:
    """Write a ZIP archive with these entries."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)


def truncate(path: Path) -> None:
    """Keep the first half of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flip_bytes(path: Path, count: int, seed: int) -> None:
    """Change bytes at random positions after the first hundred bytes."""
    content, places = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(count):
        content[places.randrange(100, len(content))] ^= places.randrange(1, 256)
    path.write_bytes(content)


def write_truncated(path: Path, seed: int) -> None:
    """Write a file that is cut off at a random position after its first fifth."""
    INTACT[path.name](path)
    content = path.read_bytes()
    path.write_bytes(content[: random.Random(seed).randrange(len(content) // 5, len(content) - 1)])


def write_flipped(path: Path, seed: int) -> None:
    """Write a file with 3 to 20 changed bytes, none of them among the first eight."""
    INTACT[path.name](path)
    content, places = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(max(3, min(20, len(content) // 500))):
        content[places.randrange(8, len(content))] ^= places.randrange(1, 256)
    path.write_bytes(content)


def write_bomb(path: Path) -> None:
    """Write an archive with an additional entry of 600 MiB of zeros."""
    INTACT[path.name](path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("more.xml", "w") as part:
        for _ in range(600):
            part.write(bytes(files.MIB))


def write_encrypted(path: Path) -> None:
    """Write an archive whose entries are flagged as encrypted, in their headers and in the directory."""
    INTACT[path.name](path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        flags = [entry.header_offset + 6 for entry in archive.infolist()]
        record = archive.start_dir
    while content[record : record + 4] == b"PK\x01\x02":
        flags.append(record + 8)
        record += 46 + sum(int.from_bytes(content[record + at : record + at + 2], "little") for at in (28, 30, 32))
    for offset in flags:
        content[offset] |= 1
    path.write_bytes(content)


def write_entities(path: Path, declaration: str) -> None:
    """Write an archive whose part with the text declares entities and uses the entity `l9`."""
    INTACT[path.name](path)
    parts = parts_of(path)
    body = parts[TEXT_PARTS[path.name]].decode()
    head, opening, rest = body.partition("?>") if body.startswith("<?xml") else ("", "", body)
    first = rest.index("</", rest.index("<"))
    parts[TEXT_PARTS[path.name]] = f"{head}{opening}{declaration}{rest[:first]}&l9;{rest[first:]}".encode()
    repack(path, parts)


def write_nested_archive(path: Path, depth: int = 6) -> None:
    """Write a Word document inside of a ZIP archive inside of further ZIP archives."""
    files.write_docx(path)
    for level in range(depth):
        content = path.read_bytes()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"level{level}.docx", content)


def write_plain_zip(path: Path) -> None:
    """Write a ZIP archive that is not a document."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "just some files")


def write_elf(path: Path) -> None:
    """Write a file with the signature of a Linux program."""
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + random.Random(1).randbytes(4000))


def write_wide_sheet(path: Path, rows: int, columns: int) -> None:
    """Write a workbook of random numbers, which compress so little that the file is not taken for a bomb."""
    numbers = random.Random(4)
    cells = ("".join(f"<c><v>{numbers.random()}</v></c>" for _ in range(columns)) for _ in range(rows))
    body = "".join(f"<row>{row}</row>" for row in cells)
    write_sheet(path, f"<sheetData>{body}</sheetData>")


def write_sheet(path: Path, content: str) -> None:
    """Write a workbook whose first sheet has `content` as its XML."""
    INTACT[EXCEL](path)
    parts = parts_of(path)
    opening = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    parts[TEXT_PARTS[EXCEL]] = f"{opening}{content}</worksheet>".encode()
    repack(path, parts)


def write_nested_message(path: Path, depth: int) -> None:
    """Write an e-mail message of multipart parts within each other."""
    head = "From: a@example.org\nTo: b@example.org\nSubject: deep\n"
    parts = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    path.write_text(f"{head}{parts}\ncore\n")


NESTED: dict[str, str] = {
    "deep.json": "[" * 100_000 + "]" * 100_000,
    "half-deep.json": '{"a": ' * 300 + "1" + "}" * 300,
    "deep.jsonl": '{"a": 1}\n' + '{"a": ' * 300 + "1" + "}" * 300 + "\n",
    "deep.xml": '<?xml version="1.0"?>' + "<a>" * 100_000 + "core" + "</a>" * 100_000,
    "deep.docbook": '<?xml version="1.0"?>' + "<section>" * 230 + "core" + "</section>" * 230,
    "deep.tex": "\\documentclass{article}\\begin{document}" + "{" * 5000 + "core" + "}" * 5000 + "\\end{document}",
    "deep.html": "<html><body>" + "<div>" * 100_000 + "core",
    "bomb.xml": f'<?xml version="1.0"?>{ENTITY_BOMB}<d>&l9;</d>',
}
"""Texts that are nested too deeply or multiply entities. The key is a file name of the text's format."""
