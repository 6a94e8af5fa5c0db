"""Minimal OpenDocument files, written from the XML of their bodies."""

import zipfile
from pathlib import Path

_NAMES = "office text table draw style fo presentation chart form svg meta xlink dc script"
_ODF = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
_OTHERS = {
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "dc": "http://purl.org/dc/elements/1.1/",
}
NAMESPACES = " ".join(f'xmlns:{name}="{_OTHERS.get(name, _ODF.format(name))}"' for name in _NAMES.split())
TEXT, PRESENTATION = "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.presentation"


def write_odt(
    path: Path, body: str, *, styles: str = "", masters: str = "", parts: dict[str, str] | None = None
) -> Path:
    """Write a text document. `styles` are automatic styles, `masters` are master pages."""
    return _write(path, TEXT, f"<office:text>{body}</office:text>", styles, masters, parts or {})


def write_odp(path: Path, body: str, *, styles: str = "", parts: dict[str, str] | None = None) -> Path:
    """Write a presentation."""
    return _write(path, PRESENTATION, f"<office:presentation>{body}</office:presentation>", styles, "", parts or {})


def _write(path: Path, media_type: str, body: str, styles: str, masters: str, parts: dict[str, str]) -> Path:
    content = (
        f"<office:document-content {NAMESPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body>{body}</office:body></office:document-content>"
    )
    shared = (
        f"<office:document-styles {NAMESPACES}><office:master-styles>{masters}</office:master-styles>"
        "</office:document-styles>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media_type}"/></manifest:manifest>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", media_type, zipfile.ZIP_STORED)
        entries = {"content.xml": content, "styles.xml": shared, "META-INF/manifest.xml": manifest, **parts}
        for name, entry in entries.items():
            archive.writestr(name, entry)
    return path


def write_flat(path: Path, body: str, media_type: str = TEXT) -> Path:
    """Write a flat file. `body` is the content of `office:body`."""
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {NAMESPACES} office:mimetype="{media_type}">'
        f"<office:meta><dc:title>Flat</dc:title></office:meta><office:body>{body}</office:body></office:document>",
        encoding="utf-8",
    )
    return path


def row(*cells: str) -> str:
    """Return a row. A cell is text, or XML that begins with `<table:`."""
    written = (cell if cell.startswith("<table:") else cell_of(cell) for cell in cells)
    return f"<table:table-row>{''.join(written)}</table:table-row>"


def cell_of(content: str, attributes: str = "") -> str:
    """Return a cell with text, or with XML."""
    inside = content if content.startswith("<") else f"<text:p>{content}</text:p>"
    return f"<table:table-cell {attributes}>{inside}</table:table-cell>"


def table(*rows: str, header_rows: int = 0) -> str:
    """Return a table."""
    head = f"<table:table-header-rows>{''.join(rows[:header_rows])}</table:table-header-rows>" if header_rows else ""
    return f"<table:table>{head}{''.join(rows[header_rows:])}</table:table>"
