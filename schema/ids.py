"""Global ids: opaque text that carries its type, one spelling for each thing.

What is not ours, or names another type, is treated as unknown: null in queries, `NotFound` in mutations and subscriptions.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from strawberry import ID

from records.errors import NotFound
from records.ids import ChunkId, DocumentId, MessageId, ModelId, SessionId

Key = TypeVar("Key", bound=int | str)

_NUMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_LARGEST = 2**63 - 1


class UnknownId(NotFound):
    """A text that is not a global id of the expected type; `missing_id` is the text as the client sent it."""


def to_global(kind: str, key: int | str) -> ID:
    return ID(base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("="))


def read_global(text: str) -> tuple[str, str] | None:
    """The kind and the bare key; None for what is not one of our ids, letter for letter."""
    try:
        kind, colon, key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
    except (ValueError, binascii.Error):
        return None
    return (kind, key) if colon and to_global(kind, key) == text else None


@dataclass(frozen=True, slots=True)
class Kind(Generic[Key]):
    """Ids of one of the graph's types."""

    name: str
    read_key: Callable[[str], Key | None]

    def of(self, key: Key) -> ID:
        return to_global(self.name, key)

    def maybe(self, key: Key | None) -> ID | None:
        return None if key is None else self.of(key)

    def find(self, text: str) -> Key | None:
        read = read_global(text)
        return self.read_key(read[1]) if read is not None and read[0] == self.name else None

    def get(self, text: str, field: str) -> Key:
        """Raises `NotFound` with `field`, the argument that holds the id."""
        key = self.find(text)
        if key is None:
            raise UnknownId(self.name.lower(), text, field=field)
        return key

    def get_all(self, texts: Iterable[str], field: str) -> tuple[Key, ...]:
        """Without repeats, in their order."""
        return tuple(dict.fromkeys(self.get(text, f"{field}.{at}") for at, text in enumerate(texts)))


NumberKey = TypeVar("NumberKey", bound=int)


def _numbered(make: Callable[[int], NumberKey]) -> Callable[[str], NumberKey | None]:
    def read(key: str) -> NumberKey | None:
        number = int(key) if _NUMBER.fullmatch(key) else 0
        return make(number) if 0 < number <= _LARGEST else None

    return read


DOCUMENT = Kind("Document", _numbered(DocumentId))
CHUNK = Kind("Chunk", _numbered(ChunkId))
SESSION = Kind("Session", _numbered(SessionId))
MESSAGE = Kind("Message", _numbered(MessageId))
MODEL = Kind("Model", lambda key: ModelId(key) if _WORD.fullmatch(key) else None)
PROVIDER = Kind("Provider", lambda key: key if _WORD.fullmatch(key) else None)

OF_RECORDS: dict[str, Kind[Any]] = {
    "document": DOCUMENT,
    "chunk": CHUNK,
    "session": SESSION,
    "message": MESSAGE,
    "model": MODEL,
}
"""Global ids by the kind of record, as `NotFound.kind` names it."""
