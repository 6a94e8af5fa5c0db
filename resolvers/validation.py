"""Input that makes no sense is refused here, with the place where it stands; nothing is changed silently but blanks around.

`field` is the argument as `ExpectedError.field` names it, such as `name` or `chunking.max_tokens`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from records.document import Chunking
from records.errors import InvalidInput

MAX_NAME = 300
MAX_TAGS = 50
MAX_TAG = 100
MAX_CONTENT = 100_000
MAX_QUERY = 10_000
MAX_SYSTEM_PROMPT = 20_000
MAX_KEY = 200
CHUNK_TOKENS = (16, 256)


def check_text(text: str, limit: int, what: str, field: str) -> str:
    """A text that says something and can be stored."""
    if not text.strip():
        raise InvalidInput(f"{what} is empty.", field=field)
    if len(text) > limit:
        raise InvalidInput(f"{what} has {len(text):,} characters; {limit:,} is the most.", field=field)
    if any("\ud800" <= character <= "\udfff" for character in text) or "\0" in text:
        raise InvalidInput(f"{what} holds characters that are no text.", field=field)
    return text


def check_name(name: str, field: str = "name") -> str:
    checked = check_text(name, MAX_NAME, "The name", field).strip()
    if any(ord(character) < 32 or ord(character) == 127 for character in checked):
        raise InvalidInput("A name is one line without control characters.", field=field)
    return checked


def check_tags(tags: Sequence[str], field: str = "tags") -> tuple[str, ...]:
    """The tags without repeats, in their order."""
    if len(tags) > MAX_TAGS:
        raise InvalidInput(f"There are {len(tags)} tags; {MAX_TAGS} is the most.", field=field)
    checked = (check_text(tag, MAX_TAG, "A tag", f"{field}.{at}").strip() for at, tag in enumerate(tags))
    return tuple(dict.fromkeys(checked))


def refuse_null(changes: Mapping[str, Any], **spelled: str) -> None:
    """What is never null in the output cannot be cleared; omit it to leave it as it is."""
    for name, spelling in spelled.items():
        if name in changes and changes[name] is None:
            raise InvalidInput(f"{spelling} cannot be null; leave it out to change nothing.", field=name)


def check_chunking(changes: Mapping[str, Any] | None, default: Chunking) -> Chunking | None:
    """Bounds of chunks over the defaults; None where none were given."""
    if not changes:
        return None
    low, high = CHUNK_TOKENS
    most = _or(changes.get("max_tokens"), default.max_tokens)
    if not low <= most <= high:
        raise InvalidInput(f"maxTokens is {low} to {high}.", field="chunking.max_tokens")
    overlap = _or(changes.get("overlap_tokens"), min(default.overlap_tokens, most // 2))
    if not 0 <= overlap <= most // 2:
        raise InvalidInput("overlapTokens is 0 to half of maxTokens.", field="chunking.overlap_tokens")
    return Chunking(most, overlap)


def check_fraction(value: float | None, what: str, field: str) -> float | None:
    if value is not None and not 0.0 <= value <= 1.0:
        raise InvalidInput(f"{what} is 0 to 1.", field=field)
    return value


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
