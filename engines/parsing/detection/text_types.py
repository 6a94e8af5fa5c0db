"""Media types that are accepted for text which a client sends without a file, and their file extensions."""

from engines.parsing.formats import FORMATS
from engines.parsing.formats.format import Format

_TEXT_FORMATS = tuple(candidate for candidate in reversed(FORMATS) if candidate.is_text)
_MAX_LISTED = 3
"""Maximum number of media types of one format that are all listed. Of a format with more, the first is listed."""


def extension_of(media_type: str) -> str | None:
    """Return the file extension, with its dot, of a text media type; None for a binary or unsupported type."""
    return next((known.types[media_type][0] for known in _TEXT_FORMATS if media_type in known.types), None)


def listed_types() -> str:
    """Return the accepted media types as a phrase for messages, plain text first."""
    return ", ".join(map(_listed, _TEXT_FORMATS))


def _listed(known: Format) -> str:
    types = tuple(known.types)
    return ", ".join(types) if len(types) <= _MAX_LISTED else f"{types[0]} and similar types for {known.label}"
