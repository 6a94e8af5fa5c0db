"""OpenDocument spreadsheets, read row by row. Libraries for the format load every cell into memory."""

import zipfile
from collections.abc import Iterator

from engines.parsing.formats.ods import FLAT
from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.markup.xml_tree import local_name, parse_xml
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.sheets.ods_sheets import OdsSheets
from engines.parsing.worker.sheets.sheet import workbook_blocks
from engines.parsing.zip_archives import check_archive
from records.codes import ErrorCode
from records.errors import DocumentUnreadable

_CONTENT, _PROPERTIES, _MANIFEST = "content.xml", "meta.xml", "META-INF/manifest.xml"
_PICTURES = "Pictures/"
_NAMES = {"title": "title", "creator": "author", "subject": "subject", "description": "comments", "date": "modified"}


def read(context: ParseContext) -> Iterator[Block]:
    """Yield a heading for each sheet and a line for each row. Charts add a warning."""
    if context.media_type == FLAT:
        with context.path.open("rb") as part:
            yield from _blocks(OdsSheets(part), context)
        return
    check_archive(context.path, context.limits)
    with zipfile.ZipFile(context.path) as archive:
        names = set(archive.namelist())
        if _MANIFEST in names and b"encryption-data" in archive.read(_MANIFEST):
            raise DocumentUnreadable(
                ErrorCode.ENCRYPTED_DOCUMENT, "The document is encrypted. Remove the password and upload it again."
            )
        if _PROPERTIES in names:
            context.properties.update(_properties(archive.read(_PROPERTIES)))
            context.title = context.properties.get("title")
        context.pictures = sum(name.startswith(_PICTURES) for name in names)
        with archive.open(_CONTENT) as part:
            yield from _blocks(OdsSheets(part), context)


def _blocks(reader: OdsSheets, context: ParseContext) -> Iterator[Block]:
    yield from workbook_blocks(reader.sheets(), context)
    if reader.unread_charts:
        context.warnings.append(
            f"{reader.unread_charts:,} charts or embedded objects were not read. The cells with their data were read."
        )


def _properties(content: bytes) -> dict[str, str]:
    found = {
        _NAMES[local_name(element)]: one_line(element.text or "")
        for element in parse_xml(content).root.iter()
        if local_name(element) in _NAMES
    }
    return {name: value for name, value in found.items() if value}
