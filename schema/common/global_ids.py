"""Global ids: opaque strings that contain the type and the record's id.

Each record has exactly one global id. A string that is not a global id of the expected type is treated as unknown: queries
return null, mutations and subscriptions raise `NotFound`.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from strawberry import ID

from records.errors import NotFound
from records.ids import (
    ApiKeyId,
    AuditEntryId,
    ChunkId,
    CollectionId,
    DocumentId,
    GrantId,
    GroupId,
    InvitationId,
    LoginId,
    MessageId,
    ModelId,
    SessionId,
    UserId,
)

Key = TypeVar("Key", bound=int | str)

_NUMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_MAX_KEY = 2**63 - 1


class UnknownId(NotFound):
    """A string that is not a global id of the expected type; `missing_id` is the string as the client sent it."""


def encode(type_name: str, key: int | str) -> ID:
    return ID(base64.urlsafe_b64encode(f"{type_name}:{key}".encode()).decode().rstrip("="))


def decode(text: str) -> tuple[str, str] | None:
    """Return the type name and the key of a global id; None for any other string."""
    try:
        type_name, colon, key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
    except (ValueError, binascii.Error):
        return None
    return (type_name, key) if colon and encode(type_name, key) == text else None


@dataclass(frozen=True, slots=True)
class IdCodec(Generic[Key]):
    """Encodes and decodes the global ids of one GraphQL type."""

    type_name: str
    read_key: Callable[[str], Key | None]
    kind: str = ""
    "The name of the type in messages, if it is not the type name in lower case."

    def encode(self, key: Key) -> ID:
        return encode(self.type_name, key)

    def encode_optional(self, key: Key | None) -> ID | None:
        return None if key is None else self.encode(key)

    def find_key(self, text: str) -> Key | None:
        """Return the key of a global id of this type; None for any other string."""
        decoded = decode(text)
        return self.read_key(decoded[1]) if decoded is not None and decoded[0] == self.type_name else None

    def get_key(self, text: str, field: str) -> Key:
        """Return the key of a global id of this type. Raises `NotFound` with `field`, the argument that has the id."""
        key = self.find_key(text)
        if key is None:
            raise UnknownId(self.kind or self.type_name.lower(), text, field=field)
        return key

    def get_keys(self, texts: Iterable[str], field: str) -> tuple[Key, ...]:
        """Return the keys of several global ids in their order, without duplicates.

        Raises `NotFound` for an unknown id.
        """
        return tuple(dict.fromkeys(self.get_key(text, f"{field}.{index}") for index, text in enumerate(texts)))


NumberKey = TypeVar("NumberKey", bound=int)


def _read_number(make: Callable[[int], NumberKey]) -> Callable[[str], NumberKey | None]:
    def read(key: str) -> NumberKey | None:
        number = int(key) if _NUMBER.fullmatch(key) else 0
        return make(number) if 0 < number <= _MAX_KEY else None

    return read


DOCUMENT = IdCodec("Document", _read_number(DocumentId))
CHUNK = IdCodec("Chunk", _read_number(ChunkId))
SESSION = IdCodec("Session", _read_number(SessionId))
MESSAGE = IdCodec("Message", _read_number(MessageId))
MODEL = IdCodec("Model", lambda key: ModelId(key) if _NAME.fullmatch(key) else None)
PROVIDER = IdCodec("Provider", lambda key: key if _NAME.fullmatch(key) else None)
USER = IdCodec("User", _read_number(UserId))
LOGIN = IdCodec("Login", _read_number(LoginId))
API_KEY = IdCodec("ApiKey", _read_number(ApiKeyId), "API key")
INVITATION = IdCodec("Invitation", _read_number(InvitationId))
AUDIT_ENTRY = IdCodec("AuditEntry", _read_number(AuditEntryId))
GROUP = IdCodec("Group", _read_number(GroupId))
COLLECTION = IdCodec("Collection", _read_number(CollectionId))
COLLECTION_ACCESS = IdCodec("CollectionAccess", _read_number(GrantId))

CODEC_OF_RECORD: dict[str, IdCodec[Any]] = {
    "document": DOCUMENT,
    "chunk": CHUNK,
    "session": SESSION,
    "message": MESSAGE,
    "model": MODEL,
    "user": USER,
    "login": LOGIN,
    "API key": API_KEY,
    "invitation": INVITATION,
    "group": GROUP,
    "collection": COLLECTION,
}
"""The codec of each kind of record. The keys are the values of `NotFound.kind`."""


def find_record(text: str) -> tuple[str, int | str]:
    """Return the kind and the key of the record with a global id; a kind that no record has for any other string."""
    for kind, codec in CODEC_OF_RECORD.items():
        key = codec.find_key(text)
        if key is not None:
            return kind, key
    return "", 0
