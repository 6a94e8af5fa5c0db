"""Messages about files that cannot be parsed: the format, and how to save the content in a supported one."""

from dataclasses import dataclass

from engines.parsing.detection.file_sample import FileSample

ZIP, OLE = "application/zip", "application/x-ole-storage"
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class KnownFormat:
    """A format that is recognized but not supported."""

    label: str
    "Name of the format with its article."
    media_type: str
    advice: str


_IN_PROGRAM = "Save it as {} in {} and upload that."
_UNPACK = "Unpack the archive and upload the documents in it."
_HWP = KnownFormat("a Hangul document (.hwp)", "application/x-hwp", _IN_PROGRAM.format(".docx or PDF", "Hangul"))
_HWPX = KnownFormat("a Hangul document (.hwpx)", "application/hwp+zip", _IN_PROGRAM.format(".docx or PDF", "Hangul"))
_VSD = KnownFormat("a Visio drawing (.vsd)", "application/vnd.visio", _IN_PROGRAM.format("PDF", "Visio"))
_VSDX = KnownFormat(
    "a Visio drawing (.vsdx)", "application/vnd.ms-visio.drawing.main+xml", _IN_PROGRAM.format("PDF", "Visio")
)
_PUBLISHER = KnownFormat(
    "a Publisher document (.pub)", "application/vnd.ms-publisher", _IN_PROGRAM.format("PDF", "Publisher")
)
_PROJECT = KnownFormat(
    "a Project plan (.mpp)", "application/vnd.ms-project", _IN_PROGRAM.format(".xlsx or PDF", "Project")
)
_ONENOTE = KnownFormat("a OneNote section (.one)", "application/onenote", _IN_PROGRAM.format(".docx or PDF", "OneNote"))
_PAGES = KnownFormat(
    "a Pages document (.pages)",
    "application/vnd.apple.pages",
    "Export it as Word (.docx) or PDF in Pages and upload that.",
)
_NUMBERS = KnownFormat(
    "a Numbers spreadsheet (.numbers)",
    "application/vnd.apple.numbers",
    "Export it as Excel (.xlsx) or CSV in Numbers and upload that.",
)
_KEYNOTE = KnownFormat(
    "a Keynote presentation (.key)",
    "application/vnd.apple.keynote",
    "Export it as PowerPoint (.pptx) or PDF in Keynote and upload that.",
)
_ANY_IWORK = KnownFormat(
    "a document of Pages, Numbers or Keynote",
    "application/vnd.apple.iwork",
    "Export it as .docx, .xlsx, .pptx or PDF and upload that.",
)
_OUTLOOK_DATA = KnownFormat(
    "an Outlook data file (.pst)",
    "application/vnd.ms-outlook-pst",
    "Save the messages as .msg or .eml and upload those.",
)
_OLE_FORMATS: tuple[tuple[frozenset[str], KnownFormat], ...] = (
    (frozenset({"fileheader", "hwpsummaryinformation", "bodytext"}), _HWP),
    (frozenset({"visiodocument"}), _VSD),
    (frozenset({"quill", "escher"}), _PUBLISHER),
    (frozenset({"   114", "tbkndtask"}), _PROJECT),
)
"""Formats of OLE containers, by the names of their streams in lower case. One of the names is enough."""
_ARCHIVES: tuple[tuple[str, KnownFormat], ...] = (
    ("visio/document.xml", _VSDX),
    ("Contents/section0.xml", _HWPX),
    ("FixedDocSeq.fdseq", KnownFormat("an XPS document", "application/oxps", "Save it as PDF and upload that.")),
    ("META-INF/MANIFEST.MF", KnownFormat("a Java archive", "application/java-archive", "")),
)
"""Formats of ZIP archives, by the name of an entry that only they contain."""
_IWORK = {".pages": _PAGES, ".numbers": _NUMBERS, ".key": _KEYNOTE}
_IWORK_ENTRIES = {
    "index.apxl": ".key",
    "index.apxl.gz": ".key",
    "Index/Slide.iwa": ".key",
    "Index/Presentation.iwa": ".key",
}
_IWORK_ENDINGS = (".iwa", "Index.zip", "index.apxl", "index.apxl.gz", "index.xml", "index.xml.gz")
_MARKS: tuple[tuple[bytes, KnownFormat], ...] = (
    (bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3"), _ONENOTE),
    (bytes.fromhex("a12fff43d9ef764c9ee210ea5722765f"), _ONENOTE),
    (b"HWP Document File", _HWP),
    (b"%!PS", KnownFormat("a PostScript file", "application/postscript", "Convert it to PDF and upload that.")),
    (b"Rar!", KnownFormat("a RAR archive", "application/vnd.rar", _UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", KnownFormat("a 7z archive", "application/x-7z-compressed", _UNPACK)),
    (b"\x1f\x8b", KnownFormat("a gzip archive", "application/gzip", _UNPACK)),
    (b"!BDN", _OUTLOOK_DATA),
)
"""Formats of other files, by their first bytes."""
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_OTHER_OLE = KnownFormat(
    "an OLE container of an unknown program", OLE, "Save the document in another format, such as PDF."
)


def known_format(sample: FileSample) -> KnownFormat | None:
    """Return the unsupported format of a file; None for an unknown format and for a ZIP archive that is not a document."""
    if sample.ole_names or sample.head.startswith(bytes.fromhex("d0cf11e0")):
        return next((known for names, known in _OLE_FORMATS if names & sample.ole_names), _OTHER_OLE)
    if sample.archive_names:
        return _known_archive(sample)
    return next((known for mark, known in _MARKS if sample.head.startswith(mark)), None)


def _known_archive(sample: FileSample) -> KnownFormat | None:
    names = sample.archive_names
    if sample.package_type.startswith(_OPEN_DOCUMENT):
        kind = sample.package_type.removeprefix(_OPEN_DOCUMENT)
        return KnownFormat(f"an OpenDocument file ({kind})", sample.package_type, "Save it as PDF and upload that.")
    if any(name.endswith(_IWORK_ENDINGS) for name in names):
        stated = next((_IWORK_ENTRIES[name] for name in names if name in _IWORK_ENTRIES), sample.extension)
        return _IWORK.get(stated, _ANY_IWORK)
    return next((known for entry, known in _ARCHIVES if entry in names), None)
