"""Texts that clients send in place of a file: their names, their media types, and their encoding."""

import codecs
import re
from collections.abc import Iterator

from engines.parsing.detection.text_types import extension_of, listed_types
from records.errors import InvalidInput

PLAIN = "text/plain"
TITLE_SOURCE_CHARACTERS = 4096
"""Characters at the beginning of a text that are searched for a title."""
MAX_TITLE_CHARACTERS = 60
DECLARED_WITHIN = 2048
"""Characters at the beginning of a text that readers search for a declared encoding. In a text of more than 20 times as many
characters, they search its first twentieth."""

_DECLARES_OTHER_ENCODING = re.compile(r"<(\?xml|meta)\b[^<>]*\b(encoding|charset)\s*=\s*[\"']?(?!utf-?8)\w", re.I)

_SLASHES = str.maketrans("/\\", "--")


def extension_for(media_type: str | None) -> str:
    """Return the file extension of a text format; None is text/plain. Raises `InvalidInput` for another media type."""
    extension = extension_of(media_type or PLAIN)
    if extension is None:
        message = f"This is not the media type of a text. Supported are {listed_types()}."
        raise InvalidInput(message, field="media_type")
    return extension


def title_of(text: str) -> str:
    """Return the first line that contains a letter or digit as a name: shortened at a word boundary, without slashes."""
    lines = [line.strip() for line in text.lstrip()[:TITLE_SOURCE_CHARACTERS].splitlines()]
    line = next((line for line in lines if any(map(str.isalnum, line))), lines[0])
    line = "".join(character for character in line.translate(_SLASHES) if character.isprintable()) or "text"
    return line if len(line) <= MAX_TITLE_CHARACTERS else f"{line[:MAX_TITLE_CHARACTERS].rsplit(' ', 1)[0]}…"


def encode_text(text: str, block_characters: int) -> Iterator[bytes]:
    """Yield a text in UTF-8, in blocks of `block_characters` characters.

    HTML and XML can declare an encoding. If a text declares another one than UTF-8, the result begins with a byte order
    mark, which readers trust more than the declaration.
    """
    if _DECLARES_OTHER_ENCODING.search(text[: max(DECLARED_WITHIN, len(text) // 20)]):
        yield codecs.BOM_UTF8
    for start in range(0, len(text), block_characters):
        yield text[start : start + block_characters].encode("utf-8", "replace")
