"""Access: users with their roles, and the scope of what one request may read and change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from records.ids import CollectionId, UserId


class Role(StrEnum):
    SUPERADMIN = "SUPERADMIN"
    ADMIN = "ADMIN"
    USER = "USER"


class AccessLevel(StrEnum):
    READ = "READ"
    WRITE = "WRITE"
    MANAGE = "MANAGE"


@dataclass(frozen=True, slots=True)
class UserRecord:
    id: UserId
    name: str
    role: Role
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AccessScope:
    """The objects that one user may read and change. Every store method takes a scope as its first argument.

    An object outside of the scope does not exist for the user: no role includes another user's private objects.
    `persistence/access/scope_filter.py` turns a scope into SQL.
    """

    user_id: UserId
    role: Role
    collections: Mapping[CollectionId, AccessLevel] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    "The level of the user in each collection that the scope includes."

    def includes(self, owner_id: UserId | None) -> bool:
        """Return whether the scope includes the private objects of an owner. It never includes those without an owner."""
        return owner_id == self.user_id


class SystemScope:
    """The scope of the server's own work, which includes every object.

    Its only value is `records.access.system_scope.SYSTEM`.
    """

    __slots__ = ()


AnyScope: TypeAlias = AccessScope | SystemScope
