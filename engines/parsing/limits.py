"""How much of anything one document may ask for; above it ends as PARSER_LIMIT with a plain reason."""

import msgspec

from records.codes import ErrorCode
from records.errors import DocumentUnreadable

MIB = 1024 * 1024


class Limits(msgspec.Struct, frozen=True):
    file_bytes: int = 1024 * MIB
    markup_bytes: int = 32 * MIB
    "HTML, Markdown, XML, JSON and others that are held in memory whole, at some thirty times their size."
    message_bytes: int = 128 * MIB
    "E-mail, held in memory with its attachments, which are not read."
    characters: int = 20_000_000
    pages: int = 5_000
    inflated_bytes: int = 512 * MIB
    inflation_ratio: int = 200
    "Looked at only where more than 10 MiB come out: small files compress as they like."
    archive_entries: int = 10_000
    nesting: int = 200
    table_cells: int = 1_000_000
    seconds: float = 1_800.0
    "Held by the parent: parsing cannot be interrupted, only its process can be ended."
    cpu_seconds: int = 900
    "Both count anew from each page that was given to the recognizer: a long scan takes hours, and moves."
    address_space_bytes: int = 4096 * MIB
    image_pixels: int = 150_000_000
    "Of an image, or of all images on one page, before they are unpacked."
    recognition_dpi: int = 200
    "How finely a scanned page is drawn for the recognizer."
    recognition_pixels: int = 8_000_000
    "The most that a page is drawn with, however large it is: two pages of A4 at 200 dpi."
    recognized_pages: int = 2_000
    "Of one document: an hour or more of a core."


def above_limit(message: str) -> DocumentUnreadable:
    return DocumentUnreadable(ErrorCode.PARSER_LIMIT, message)


def check_size(byte_size: int, limit: int) -> None:
    if byte_size > limit:
        raise above_limit(
            f"The file has {byte_size / MIB:,.1f} MiB; files of this type can have {limit / MIB:,.0f} MiB."
        )


def check_pages(pages: int, limit: int) -> None:
    if pages > limit:
        raise above_limit(f"The document has {pages:,} pages; {limit:,} can be read.")
