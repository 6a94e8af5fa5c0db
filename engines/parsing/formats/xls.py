"""The binary formats of Excel: the old one (XLS), an OLE container, and the compact one (XLSB), a ZIP archive."""

from engines.parsing.detection.file_sample import OLE_MARK, FileSample
from engines.parsing.formats.format import Format

XLS, XLSB = "application/vnd.ms-excel", "application/vnd.ms-excel.sheet.binary.macroenabled.12"
_STREAMS = tuple(name.encode("utf-16-le") + b"\0\0" for name in ("Workbook", "Book", "WORKBOOK", "BOOK"))
"""Names of the stream of a workbook in the directory of the container."""
_OTHER_STREAMS = tuple(name.encode("utf-16-le") for name in ("WordDocument", "PowerPoint Document", "EncryptedPackage"))
_OLD_MARKS = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")
"""First bytes of workbooks of Excel 2 to 4, which are no containers."""
_SECTOR_BYTES = 512


def detect(sample: FileSample) -> str | None:
    if sample.head.startswith(b"PK"):
        is_binary = b"ms-excel.sheet.binary" in sample.content_types or "xl/workbook.bin" in sample.archive_names
        return XLSB if is_binary else None
    if sample.head.startswith(OLE_MARK):
        return XLS if _is_workbook(sample) else None
    return XLS if sample.head.startswith(_OLD_MARKS) else None


def _is_workbook(sample: FileSample) -> bool:
    """Return True if the directory of an OLE container begins with the streams of a workbook."""
    directory = int.from_bytes(sample.head[48:52], "little")
    with sample.path.open("rb") as file:
        file.seek(_SECTOR_BYTES * (directory + 1))
        sector = file.read(4 * _SECTOR_BYTES)
    return any(name in sector for name in _STREAMS) and not any(name in sector for name in _OTHER_STREAMS)


FORMAT = Format(
    types={XLS: (".xls", ".xlt"), XLSB: (".xlsb",)},
    label="Excel workbook",
    is_text=False,
    detect=detect,
)
