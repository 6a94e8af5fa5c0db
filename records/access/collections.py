"""Groups of users, and collections: documents with settings of their own, open to those they are assigned to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from records.ids import CollectionId, GrantId, GroupId, UserId
from records.session import SessionSettings


class AccessLevel(StrEnum):
    """The rights of a member in a collection. Each level includes the levels before it."""

    READ = "READ"
    WRITE = "WRITE"
    MANAGE = "MANAGE"

    @property
    def rank(self) -> int:
        """The position in the order of levels, from 1."""
        return list(AccessLevel).index(self) + 1


class CollectionSetting(StrEnum):
    """A setting, or a group of settings, that sessions of a collection cannot change while it is locked."""

    MODEL = "MODEL"
    SYSTEM_PROMPT = "SYSTEM_PROMPT"
    THINKING_MODE = "THINKING_MODE"
    RETRIEVAL = "RETRIEVAL"
    SAMPLING = "SAMPLING"
    OWN_DOCUMENTS = "OWN_DOCUMENTS"


class LeftDocuments(StrEnum):
    """The treatment of the documents that a deleted collection owns."""

    KEEP = "KEEP"
    ERASE_IF_NOWHERE_ELSE = "ERASE_IF_NOWHERE_ELSE"


@dataclass(frozen=True, slots=True)
class GroupRecord:
    id: GroupId
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Principals:
    """Users and groups to whom a collection is assigned."""

    user_ids: tuple[UserId, ...] = ()
    group_ids: tuple[GroupId, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectionFields:
    """The fields of a collection that can be chosen and changed."""

    name: str
    description: str | None
    settings: SessionSettings
    hides_system_prompt: bool
    locked: tuple[CollectionSetting, ...]


@dataclass(frozen=True, slots=True)
class CollectionRecord:
    """A collection. `level` is the level of the user who reads it."""

    id: CollectionId
    name: str
    description: str | None
    settings: SessionSettings
    "Settings of the answers of its sessions; None inherits."
    hides_system_prompt: bool
    "True if only those who manage the collection see its system prompt."
    locked: tuple[CollectionSetting, ...]
    level: AccessLevel
    creator_id: UserId | None
    created_at: datetime
    updated_at: datetime

    @property
    def fields(self) -> CollectionFields:
        """The fields that can be changed."""
        return CollectionFields(self.name, self.description, self.settings, self.hides_system_prompt, self.locked)

    @property
    def is_prompt_visible(self) -> bool:
        """True if the user who reads the collection may see its system prompt."""
        return self.level is AccessLevel.MANAGE or not self.hides_system_prompt


@dataclass(frozen=True, slots=True)
class CollectionFilter:
    """Conditions on collections; None for any value."""

    name_contains: str | None = None
    "Compared without regard to case and Unicode form."
    user_id: UserId | None = None
    "A user to whom the collection is assigned, directly or by a group."


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """The access of a user or of a group to a collection. Exactly one of `user_id` and `group_id` is set."""

    id: GrantId
    user_id: UserId | None
    group_id: GroupId | None
    level: AccessLevel
    granter_id: UserId | None
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class CollectionStatistics:
    """Numbers of a collection, without any text."""

    documents: int
    ready_documents: int
    chunks: int
    bytes: int
    members: int
    "Users with access, directly or by a group."
    sessions: int
    answers_last_30_days: int
    last_asked_at: datetime | None
