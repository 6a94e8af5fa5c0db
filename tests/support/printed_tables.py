"""Generated tables as web pages, which Chromium and LibreOffice convert to PDF files."""

import subprocess
from html import escape
from pathlib import Path

from tests.support.generated_tables import GeneratedTable, Row

_SECONDS = 120
_INDENT = 4
"""Spaces before the label of a row in a section."""


def write_page(path: Path, table: GeneratedTable) -> Path:
    """Write a web page with a table between two paragraphs.

    The table has no lines, and a currency sign has a separate cell.
    """
    first = next(row for row in table.rows if row.values)
    rows = "".join(_row(table, row, has_currency=row is first) for row in table.rows)
    before, after = (
        "The following statement belongs to the report.",
        "The notes are an integral part of this statement.",
    )
    path.write_text(
        f'<!doctype html><meta charset="utf-8"><style>{_style(table)}</style><p>{before}</p>'
        f"<table>{_header(table)}{rows}</table><p>{after}</p>",
        encoding="utf-8",
    )
    return path


def print_page(browser: str, page: Path, path: Path) -> Path:
    """Print a web page with Chromium."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
    profile = path.parent / "chromium-profile"
    command = [browser, *options, f"--user-data-dir={profile}", f"--print-to-pdf={path}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
    return path


def export_page(office: str, page: Path, path: Path) -> Path:
    """Open a web page in LibreOffice Writer and export it."""
    profile = (path.parent / "office-profile").as_uri()
    options = ("--headless", f"-env:UserInstallation={profile}", "--convert-to", "pdf:writer_web_pdf_Export")
    command = [office, *options, "--outdir", str(path.parent), str(page)]
    subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
    return page.with_suffix(".pdf").replace(path)


def _style(table: GeneratedTable) -> str:
    alignment = {"centre": "center"}.get(table.alignment, table.alignment)
    width = table.column_width * table.size
    return (
        f"body {{ font: {table.size}pt/{table.pitch:.2f} sans-serif }} td, th {{ padding: 0; vertical-align: bottom }} "
        f"td:first-child {{ padding-right: 2em }} .value {{ min-width: {width:.0f}pt; text-align: {alignment} }} "
        f".sign {{ width: 1.2em }} .inside {{ padding-left: 1.2em }} .section {{ font-weight: bold }}"
    )


def _header(table: GeneratedTable) -> str:
    span = 2 * len(table.names) // len(table.groups) if table.groups else 0
    groups = "".join(f'<th colspan="{span}">{escape(group)}</th>' for group in table.groups)
    names = "".join(f'<th class="sign"></th><th class="value">{escape(name)}</th>' for name in table.names)
    return (f"<tr><th></th>{groups}</tr>" if groups else "") + f"<tr><th></th>{names}</tr>"


def _row(table: GeneratedTable, row: Row, *, has_currency: bool) -> str:
    if not row.values:
        return f'<tr><td class="section">{escape(row.label)}</td></tr>'
    cells = []
    for value in row.values:
        sign = table.currency if has_currency and value and value[0].isdigit() else ""
        cells.append(f'<td class="sign">{escape(sign)}</td><td class="value">{escape(value)}</td>')
    indent = "&nbsp;" * _INDENT if row.section else ""
    return f"<tr><td>{indent}{escape(row.label)}</td>{''.join(cells)}</tr>"
