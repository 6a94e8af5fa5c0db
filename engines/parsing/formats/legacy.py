"""Old formats of word processors and presentation programs. They are supported if LibreOffice is installed."""

import shutil

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

WORD, POWERPOINT = "application/msword", "application/vnd.ms-powerpoint"
WORD_PERFECT, WORKS = "application/vnd.wordperfect", "application/vnd.ms-works"
STAR_WRITER, STAR_IMPRESS = "application/vnd.sun.xml.writer", "application/vnd.sun.xml.impress"
_WORD_PERFECT_MARK = b"\xffWPC"
_OLD_WORD_MARKS = (b"\xdb\xa5-\0", b"\x31\xbe\0\0", b"\xfe\x37\0")
"""First bytes of files of Word versions before 6, which are not OLE containers."""
_PROGRAMS = ("soffice", "libreoffice")


def detect(sample: FileSample) -> str | None:
    names = sample.ole_names
    if "worddocument" in names:
        return WORD
    if names & {"powerpoint document", "pp97_dualstorage"}:
        return POWERPOINT
    if "matost" in names:
        return WORKS
    if sample.head.startswith(_WORD_PERFECT_MARK):
        return WORD_PERFECT
    if sample.head.startswith(_OLD_WORD_MARKS):
        return WORD
    stated = sample.package_type.removesuffix(".template")
    return stated if stated in (STAR_WRITER, STAR_IMPRESS) else None


def find_libreoffice() -> str | None:
    """Return the path of LibreOffice's program, or None if it is not installed."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


def requirement() -> str | None:
    """Return a message that LibreOffice is missing and how to install it; None if it is installed."""
    if find_libreoffice():
        return None
    return (
        "The file has an old format that needs LibreOffice, which is not installed on the server. Install LibreOffice "
        "(the program soffice) there, or save the file as .docx, .pptx or PDF and upload that."
    )


FORMAT = Format(
    types={
        WORD: (".doc", ".dot"),
        POWERPOINT: (".ppt", ".pps", ".pot"),
        WORD_PERFECT: (".wpd",),
        WORKS: (".wps",),
        STAR_WRITER: (".sxw", ".stw"),
        STAR_IMPRESS: (".sxi", ".sti"),
    },
    label="document of an old format",
    is_text=False,
    detect=detect,
    shares_extensions=True,
    requirement=requirement,
)
