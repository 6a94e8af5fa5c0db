"""Texts that come without a file: what they may be said to be, and what a file of that type is called."""

from engines.parsing.formats import FORMATS
from engines.parsing.formats.format import Format

_TEXTS = tuple(known for known in reversed(FORMATS) if known.is_text)
_FEW = 3
"""Media types of one format that are listed one by one."""


def extension_of(media_type: str) -> str | None:
    """With its dot; None for a type that is no text, or that no reader takes."""
    return next((known.types[media_type][0] for known in _TEXTS if media_type in known.types), None)


def listed_types() -> str:
    """For people, plain text first."""
    return ", ".join(map(_listed, _TEXTS))


def _listed(known: Format) -> str:
    types = tuple(known.types)
    return ", ".join(types) if len(types) <= _FEW else f"{types[0]} and the like for {known.label}"
