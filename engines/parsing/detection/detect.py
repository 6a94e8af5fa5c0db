"""What a file is, from its bytes; its name is only a hint. Cheap: used while an upload waits for its answer."""

from dataclasses import dataclass
from pathlib import Path

from engines.parsing.detection.file_sample import OLE_MARK, FileSample
from engines.parsing.formats import FORMATS, UNSUPPORTED_ARCHIVES
from engines.parsing.formats.format import Format
from records.errors import Unsupported

_UNKNOWN = "application/octet-stream"
_ZIP = "application/zip"
_OLD_OFFICE = "application/x-ole-storage"


@dataclass(frozen=True, slots=True)
class DetectedType:
    media_type: str
    supported: bool
    reason: str | None = None
    "Why not, for people; None where it is supported."

    def require(self) -> str:
        """The media type; raises `Unsupported`."""
        if not self.supported:
            raise Unsupported(self.reason or "Files of this type cannot be read.", self.media_type)
        return self.media_type


def detect_type(path: Path, name: str) -> DetectedType:
    """Blocking, for a few milliseconds: call it in a thread."""
    specimen = FileSample.of(path, name)
    if not specimen.head:
        return DetectedType("application/x-empty", False, "The file is empty.")
    claimed = _claimed_format(specimen)
    if claimed and claimed.is_text is False and claimed.recognize(specimen) is None:
        return _not_what_its_name_says(specimen, claimed)
    for known in FORMATS:
        if media_type := known.recognize(specimen):
            return DetectedType(media_type, True)
    return _unsupported(specimen)


def _claimed_format(specimen: FileSample) -> Format | None:
    return next((known for known in FORMATS if specimen.extension in known.extensions), None)


def _not_what_its_name_says(specimen: FileSample, claimed: Format) -> DetectedType:
    other = next((known for known in FORMATS if not known.is_text and known.recognize(specimen)), None)
    if other:
        return DetectedType(other.recognize(specimen) or _UNKNOWN, True)
    found = _unsupported(specimen)
    if specimen.is_encrypted_office:
        return found
    reason = f"The name ends in {specimen.extension}, but the file is no {claimed.label}, or a damaged one."
    if specimen.is_text:
        return DetectedType("text/plain", False, f"{reason} Its bytes are plain text.")
    return DetectedType(found.media_type, False, reason if found.media_type == _ZIP else f"{reason} {found.reason}")


def _unsupported(specimen: FileSample) -> DetectedType:
    if specimen.is_encrypted_office:
        reason = "The document is protected by a password. Save it without one and upload it again."
        return DetectedType(_OLD_OFFICE, False, reason)
    if specimen.head.startswith(OLE_MARK):
        reason = "This is a file of an old Office version (.doc, .xls, .ppt). Save it in the new format (.docx)."
        return DetectedType(_OLD_OFFICE, False, reason)
    if specimen.head.startswith(b"PK"):
        return _archive(specimen)
    return _other_binary(specimen)


def _archive(specimen: FileSample) -> DetectedType:
    for mark, media_type, label in UNSUPPORTED_ARCHIVES:
        if mark in specimen.content_types or mark.decode() in specimen.archive_names:
            return DetectedType(media_type, False, f"Files of the type {label} cannot be read yet.")
    if not specimen.archive_names:
        return DetectedType(_ZIP, False, "It begins like a zip file, but is cut off or damaged.")
    return DetectedType(_ZIP, False, "It is a zip archive. Unpack it and upload the documents inside.")


def _other_binary(specimen: FileSample) -> DetectedType:
    import puremagic

    try:
        match = puremagic.magic_string(specimen.head[:8192])[0]
    except (puremagic.PureError, IndexError, ValueError):
        match = None
    if match is None or not match.byte_match.strip(b"\0"):
        return DetectedType(_UNKNOWN, False, "Its bytes are neither text nor a document of a known type.")
    what = match.name.strip() or match.mime_type
    return DetectedType(match.mime_type or _UNKNOWN, False, f"Its bytes are no document: {what}.")
