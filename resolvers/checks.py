"""Input that makes no sense is refused here, with the place where it stands; nothing is changed silently but blanks around.

`where` is always the path from the mutation's argument, such as `("input", "name")`, in the graph's own spelling.
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

Path = tuple[str, ...]


def check_text(text: str, limit: int, what: str, where: Path) -> str:
    """A text that says something and can be stored."""
    if not text.strip():
        raise InvalidInput(f"{what} is empty.", path=where)
    if len(text) > limit:
        raise InvalidInput(f"{what} has {len(text):,} characters; {limit:,} is the most.", path=where)
    if any("\ud800" <= character <= "\udfff" for character in text) or "\0" in text:
        raise InvalidInput(f"{what} holds characters that are no text.", path=where)
    return text


def check_name(name: str, where: Path = ("input", "name")) -> str:
    checked = check_text(name, MAX_NAME, "The name", where).strip()
    if any(ord(character) < 32 or ord(character) == 127 for character in checked):
        raise InvalidInput("A name is one line without control characters.", path=where)
    return checked


def check_tags(tags: Sequence[str], where: Path = ("input", "tags")) -> tuple[str, ...]:
    """The tags without repeats, in their order."""
    if len(tags) > MAX_TAGS:
        raise InvalidInput(f"There are {len(tags)} tags; {MAX_TAGS} is the most.", path=where)
    checked = (check_text(tag, MAX_TAG, "A tag", (*where, str(at))).strip() for at, tag in enumerate(tags))
    return tuple(dict.fromkeys(checked))


def refuse_null(changes: Mapping[str, Any], **spelled: str) -> None:
    """What is never null in the output cannot be cleared; omit it to leave it as it is."""
    for name, spelling in spelled.items():
        if name in changes and changes[name] is None:
            raise InvalidInput(f"{spelling} cannot be null; leave it out to change nothing.", path=("input", spelling))


def check_chunking(changes: Mapping[str, Any] | None, default: Chunking) -> Chunking | None:
    """Bounds of chunks over the defaults; None where none were given."""
    if not changes:
        return None
    where = ("input", "chunking")
    low, high = CHUNK_TOKENS
    most = _or(changes.get("max_tokens"), default.max_tokens)
    if not low <= most <= high:
        raise InvalidInput(f"maxTokens is {low} to {high}.", path=(*where, "maxTokens"))
    overlap = _or(changes.get("overlap_tokens"), min(default.overlap_tokens, most // 2))
    if not 0 <= overlap <= most // 2:
        raise InvalidInput("overlapTokens is 0 to half of maxTokens.", path=(*where, "overlapTokens"))
    return Chunking(most, overlap)


def check_fraction(value: float | None, what: str, where: Path) -> float | None:
    if value is not None and not 0.0 <= value <= 1.0:
        raise InvalidInput(f"{what} is 0 to 1.", path=where)
    return value


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
