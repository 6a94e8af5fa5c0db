"""Limits on the resources that one document may use. A document above a limit fails with PARSER_LIMIT."""

import msgspec

from records.codes import ErrorCode
from records.errors import DocumentUnreadable

MIB = 1024 * 1024


class ParsingLimits(msgspec.Struct, frozen=True):
    """Limits for one document. A document that reaches a limit exactly is accepted."""

    file_bytes: int = 1024 * MIB
    markup_bytes: int = 32 * MIB
    "Size of HTML, Markdown, XML, JSON and similar files. Their parsers use about thirty times this size in memory."
    message_bytes: int = 128 * MIB
    "Size of an e-mail file. It is loaded into memory with its attachments."
    characters: int = 20_000_000
    "Length of the extracted text, in code points."
    pages: int = 5_000
    inflated_bytes: int = 512 * MIB
    "Total size of the entries of a ZIP container after decompression."
    inflation_ratio: int = 200
    "Ratio of decompressed to compressed size of a ZIP container. Checked only above 10 MiB of decompressed data."
    archive_entries: int = 10_000
    nesting: int = 200
    "Depth of nested elements, values or groups."
    table_cells: int = 1_000_000
    seconds: float = 1_800.0
    "Wall-clock time, measured by the server process. It starts again after each page that is passed to OCR."
    cpu_seconds: int = 900
    "CPU time, enforced by the kernel in the worker. It starts again after each page that is passed to OCR."
    address_space_bytes: int = 4096 * MIB
    image_pixels: int = 150_000_000
    "Number of pixels of an image file, or of all images on one page together. Checked before they are decoded."
    ocr_dpi: int = 200
    "Resolution at which a scanned page is rendered for OCR."
    ocr_pixels: int = 8_000_000
    "Number of pixels of a page rendered for OCR, whatever its size on paper. The default is two A4 pages at 200 dpi."
    ocr_pages: int = 2_000
    "Number of pages of one document that are passed to OCR. The default number takes an hour or more on one core."


def above_limit(message: str) -> DocumentUnreadable:
    """Return a PARSER_LIMIT error with this message."""
    return DocumentUnreadable(ErrorCode.PARSER_LIMIT, message)


def check_size(byte_size: int, limit: int) -> None:
    """Raise `DocumentUnreadable` (PARSER_LIMIT) if the file has more bytes than the limit for its type."""
    if byte_size > limit:
        raise above_limit(
            f"The file has {byte_size / MIB:,.1f} MiB; the limit for its type is {limit / MIB:,.0f} MiB. "
            "Split it into smaller files."
        )


def check_pages(pages: int, limit: int) -> None:
    """Raise `DocumentUnreadable` (PARSER_LIMIT) if the document has more pages than the limit."""
    if pages > limit:
        raise above_limit(f"The document has {pages:,} pages; the limit is {limit:,}. Split it into smaller files.")
