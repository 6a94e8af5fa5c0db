"""The binary formats of Excel: XLS, the old one, is an OLE container; XLSB, the compact one, is a ZIP archive."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

XLS, XLSB = "application/vnd.ms-excel", "application/vnd.ms-excel.sheet.binary.macroenabled.12"
_OLD_MARKS = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")
"""First bytes of workbooks of Excel 2 to 4, which are not OLE containers."""


def detect(sample: FileSample) -> str | None:
    if sample.head.startswith(b"PK"):
        is_binary = b"ms-excel.sheet.binary" in sample.content_types or "xl/workbook.bin" in sample.archive_names
        return XLSB if is_binary else None
    is_workbook = bool(sample.ole_names & {"workbook", "book"}) and not sample.is_encrypted_office
    return XLS if is_workbook or sample.head.startswith(_OLD_MARKS) else None


FORMAT = Format(
    types={XLS: (".xls", ".xlt"), XLSB: (".xlsb",)},
    label="Excel workbook",
    is_text=False,
    detect=detect,
)
