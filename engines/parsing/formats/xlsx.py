"""The Excel format (XLSX)."""

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def detect(sample: FileSample) -> str | None:
    return MEDIA_TYPE if sample.has_office_part("xl/workbook.xml") else None


FORMAT = Format(
    types={MEDIA_TYPE: (".xlsx", ".xlsm", ".xltx", ".xltm")},
    label="Excel workbook",
    is_text=False,
    detect=detect,
)
