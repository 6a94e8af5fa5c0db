"""Excel, row by row with openpyxl's streaming reader: docling would hold every cell in memory."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def recognize(specimen: FileSample) -> str | None:
    return MEDIA_TYPE if specimen.has_office_part("xl/workbook.xml") else None


FORMAT = Format(
    types={MEDIA_TYPE: (".xlsx", ".xlsm", ".xltx")},
    label="Excel workbook",
    is_text=False,
    recognize=recognize,
)
