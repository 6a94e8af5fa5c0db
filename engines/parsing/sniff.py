"""What a file is, from its bytes; its name is only a hint. Cheap: used while an upload waits for its answer."""

from dataclasses import dataclass
from pathlib import Path

from engines.parsing.formats import FORMATS, UNSUPPORTED_ARCHIVES
from engines.parsing.formats.format import Format
from engines.parsing.specimen import OLE_MARK, Specimen
from records.errors import Unsupported

_UNKNOWN = "application/octet-stream"
_ZIP = "application/zip"
_OLD_OFFICE = "application/x-ole-storage"


@dataclass(frozen=True, slots=True)
class Sniffed:
    media_type: str
    supported: bool
    reason: str | None = None
    "Why not, for people; None where it is supported."

    def require(self) -> str:
        """The media type; raises `Unsupported`."""
        if not self.supported:
            raise Unsupported(self.reason or "Files of this type cannot be read.", self.media_type)
        return self.media_type


def sniff_file(path: Path, name: str) -> Sniffed:
    """Blocking, for a few milliseconds: call it in a thread."""
    specimen = Specimen.of(path, name)
    if not specimen.head:
        return Sniffed("application/x-empty", False, "The file is empty.")
    claimed = _claimed_format(specimen)
    if claimed and claimed.is_text is False and claimed.recognize(specimen) is None:
        return _not_what_its_name_says(specimen, claimed)
    for known in FORMATS:
        if media_type := known.recognize(specimen):
            return Sniffed(media_type, True)
    return _unsupported(specimen)


def _claimed_format(specimen: Specimen) -> Format | None:
    return next((known for known in FORMATS if specimen.extension in known.extensions), None)


def _not_what_its_name_says(specimen: Specimen, claimed: Format) -> Sniffed:
    other = next((known for known in FORMATS if not known.is_text and known.recognize(specimen)), None)
    if other:
        return Sniffed(other.recognize(specimen) or _UNKNOWN, True)
    found = _unsupported(specimen)
    if specimen.is_encrypted_office:
        return found
    reason = f"The name ends in {specimen.extension}, but the file is no {claimed.label}, or a damaged one."
    if specimen.is_text:
        return Sniffed("text/plain", False, f"{reason} Its bytes are plain text.")
    return Sniffed(found.media_type, False, reason if found.media_type == _ZIP else f"{reason} {found.reason}")


def _unsupported(specimen: Specimen) -> Sniffed:
    if specimen.is_encrypted_office:
        reason = "The document is protected by a password. Save it without one and upload it again."
        return Sniffed(_OLD_OFFICE, False, reason)
    if specimen.head.startswith(OLE_MARK):
        reason = "This is a file of an old Office version (.doc, .xls, .ppt). Save it in the new format (.docx)."
        return Sniffed(_OLD_OFFICE, False, reason)
    if specimen.head.startswith(b"PK"):
        return _archive(specimen)
    return _other_binary(specimen)


def _archive(specimen: Specimen) -> Sniffed:
    for mark, media_type, label in UNSUPPORTED_ARCHIVES:
        if mark in specimen.content_types or mark.decode() in specimen.archive_names:
            return Sniffed(media_type, False, f"Files of the type {label} cannot be read yet.")
    if not specimen.archive_names:
        return Sniffed(_ZIP, False, "It begins like a zip file, but is cut off or damaged.")
    return Sniffed(_ZIP, False, "It is a zip archive. Unpack it and upload the documents inside.")


def _other_binary(specimen: Specimen) -> Sniffed:
    import puremagic

    try:
        match = puremagic.magic_string(specimen.head[:8192])[0]
    except (puremagic.PureError, IndexError, ValueError):
        match = None
    if match is None or not match.byte_match.strip(b"\0"):
        return Sniffed(_UNKNOWN, False, "Its bytes are neither text nor a document of a known type.")
    what = match.name.strip() or match.mime_type
    return Sniffed(match.mime_type or _UNKNOWN, False, f"Its bytes are no document: {what}.")
