"""Detection of a file's media type from its content. The file name is only a hint."""

from dataclasses import dataclass
from pathlib import Path

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.detection.unsupported import OLE, UNKNOWN, ZIP, known_format
from engines.parsing.formats import FORMATS
from engines.parsing.formats.format import Format
from records.errors import Unsupported


@dataclass(frozen=True, slots=True)
class DetectedType:
    """The detected media type of a file."""

    media_type: str
    supported: bool
    reason: str | None = None
    "Message for the user that states why the file is not supported; None for a supported one."

    def require(self) -> str:
        """Return the media type. Raises `Unsupported` if the file cannot be parsed."""
        if not self.supported:
            raise Unsupported(self.reason or "Files of this type are not supported.", self.media_type)
        return self.media_type


def detect_type(path: Path, name: str) -> DetectedType:
    """Detect the media type of the file at `path`, which the client calls `name`.

    Reads at most a few kilobytes, and the directory of a ZIP container. Blocks for some milliseconds: call it in a thread.
    """
    sample = FileSample.read(path, name)
    if not sample.head:
        return DetectedType("application/x-empty", False, "The file is empty.")
    named = _format_of_extension(sample)
    if named and not (named.is_text or named.shares_extensions) and named.detect(sample) is None:
        return _mismatch(sample, named)
    for candidate in FORMATS:
        if media_type := candidate.detect(sample):
            reason = candidate.requirement()
            return DetectedType(media_type, reason is None, reason)
    return _unsupported(sample)


def _format_of_extension(sample: FileSample) -> Format | None:
    return next((candidate for candidate in FORMATS if sample.extension in candidate.extensions), None)


def _mismatch(sample: FileSample, named: Format) -> DetectedType:
    """Return the type of a file whose content does not have the binary format that its extension states.

    A file with another binary format is accepted under its real type. Text is rejected, because the file is more likely
    damaged than misnamed.
    """
    other = next((candidate for candidate in FORMATS if not candidate.is_text and candidate.detect(sample)), None)
    if other:
        reason = other.requirement()
        return DetectedType(other.detect(sample) or UNKNOWN, reason is None, reason)
    found = _unsupported(sample)
    if sample.is_encrypted_office:
        return found
    reason = f"The file name ends in {sample.extension}, but the content is not a valid {named.label}."
    if sample.is_text:
        reason += " It is plain text. Correct the extension and upload the file again."
        return DetectedType("text/plain", False, reason)
    reason += " It may be damaged or have a wrong extension." if found.media_type == ZIP else f" {found.reason}"
    return DetectedType(found.media_type, False, reason)


def _unsupported(sample: FileSample) -> DetectedType:
    if sample.is_encrypted_office:
        reason = "The document is encrypted. Remove the password and upload it again."
        return DetectedType(OLE, False, reason)
    if known := known_format(sample):
        reason = f"The file is {known.label}, which is not supported. {known.advice}".strip()
        return DetectedType(known.media_type, False, reason)
    if sample.head.startswith(b"PK"):
        return _unsupported_archive(sample)
    return _unsupported_binary(sample)


def _unsupported_archive(sample: FileSample) -> DetectedType:
    if not sample.archive_names:
        return DetectedType(ZIP, False, "The file is a damaged or incomplete ZIP archive. Upload an intact copy.")
    return DetectedType(
        ZIP, False, "ZIP archives are not supported. Unpack the archive and upload the documents in it."
    )


def _unsupported_binary(sample: FileSample) -> DetectedType:
    import puremagic

    try:
        match = puremagic.magic_string(sample.head[:8192])[0]
    except (puremagic.PureError, IndexError, ValueError):
        match = None
    if match is None or not match.byte_match.strip(b"\0"):
        return DetectedType(UNKNOWN, False, "The content is neither text nor a document of a supported type.")
    description = match.name.strip() or match.mime_type
    return DetectedType(
        match.mime_type or UNKNOWN, False, f"The content is not a document of a supported type: {description}."
    )
