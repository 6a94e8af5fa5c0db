"""Validation of mutation input. Invalid values raise `InvalidInput`; only surrounding whitespace is removed silently.

`field` names the argument as `ExpectedError.field` does, such as `name` or `chunking.max_tokens`. The maximum length of a
search query is in `records/retrieval.py`, because answers shorten their prompts to it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from records.document import Chunking
from records.errors import InvalidInput

MAX_NAME_LENGTH = 300
MAX_TAGS = 50
MAX_TAG_LENGTH = 100
MAX_CONTENT_LENGTH = 100_000
MAX_SYSTEM_PROMPT_LENGTH = 20_000
MAX_KEY_LENGTH = 200
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
MIN_CHUNK_TOKENS, MAX_CHUNK_TOKENS = 16, 256


def check_text(text: str, max_length: int, field: str) -> str:
    """Return the text unchanged. Raises `InvalidInput` if it is blank, too long or cannot be stored as UTF-8."""
    if not text.strip():
        raise InvalidInput("{field} must not be empty.", field=field)
    if len(text) > max_length:
        message = f"{{field}} has {len(text):,} characters; at most {max_length:,} are allowed."
        raise InvalidInput(message, field=field)
    if any("\ud800" <= character <= "\udfff" for character in text) or "\0" in text:
        raise InvalidInput("{field} must not contain NUL characters or unpaired surrogates.", field=field)
    return text


def check_name(name: str, field: str = "name") -> str:
    """Return the name without surrounding whitespace. Raises `InvalidInput` unless it is one line of 1 to 300 characters.

    Characters that change the direction of text are rejected: they can show another name than the stored one.
    """
    checked = check_text(name, MAX_NAME_LENGTH, field).strip()
    if _CONTROLS.search(checked):
        message = "{field} must be a single line without control characters and marks of the text direction."
        raise InvalidInput(message, field=field)
    return checked


def check_document_name(name: str, field: str = "name") -> str:
    """Return the name of a document as `check_name` does. Raises `InvalidInput` for a path, too."""
    checked = check_name(name, field)
    if "/" in checked or "\\" in checked:
        raise InvalidInput("{field} must not contain / or \\. Replace them, for example by a hyphen.", field=field)
    return checked


def check_tags(tags: Sequence[str], field: str = "tags") -> tuple[str, ...]:
    """Return the tags in their order, without duplicates. Raises `InvalidInput` for more than 50, or an invalid one."""
    if len(tags) > MAX_TAGS:
        raise InvalidInput(f"{{field}} has {len(tags)} items; at most {MAX_TAGS} are allowed.", field=field)
    checked = (check_text(tag, MAX_TAG_LENGTH, f"{field}.{index}").strip() for index, tag in enumerate(tags))
    return tuple(dict.fromkeys(checked))


def reject_null(provided: Mapping[str, Any], *names: str, parent: str = "") -> None:
    """Raise `InvalidInput` for the first of `names` that was sent as null; `parent` is the field that contains them."""
    for name in names:
        if name in provided and provided[name] is None:
            field = f"{parent}.{name}" if parent else name
            raise InvalidInput("{field} must not be null. Omit it to keep the current value.", field=field)


def check_chunking(changes: Mapping[str, Any] | None, default: Chunking) -> Chunking | None:
    """Return the chunk limits with the changes applied to `default`; None if nothing was changed.

    Raises `InvalidInput` unless `max_tokens` is 16 to 256 and `overlap_tokens` is 0 to half of it.
    """
    if not changes:
        return None
    max_tokens = _value_or(changes.get("max_tokens"), default.max_tokens)
    if not MIN_CHUNK_TOKENS <= max_tokens <= MAX_CHUNK_TOKENS:
        message = f"{{field}} must be between {MIN_CHUNK_TOKENS} and {MAX_CHUNK_TOKENS}."
        raise InvalidInput(message, field="chunking.max_tokens")
    max_overlap = max_tokens // 2
    overlap = _value_or(changes.get("overlap_tokens"), min(default.overlap_tokens, max_overlap))
    if not 0 <= overlap <= max_overlap:
        message = f"{{field}} must be between 0 and {max_overlap}, half of maxTokens."
        raise InvalidInput(message, field="chunking.overlap_tokens")
    return Chunking(max_tokens, overlap)


def check_fraction(value: float | None, field: str) -> float | None:
    """Return the value. Raises `InvalidInput` if it is not between 0 and 1."""
    if value is not None and not 0.0 <= value <= 1.0:
        raise InvalidInput("{field} must be between 0 and 1.", field=field)
    return value


def _value_or(value: int | None, default: int) -> int:
    return default if value is None else value
