"""Access: users with their roles, and the scope of what one request may read and change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from records.ids import UserId


class Role(StrEnum):
    SUPERADMIN = "SUPERADMIN"
    ADMIN = "ADMIN"
    USER = "USER"


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

    def includes(self, owner_id: UserId | None) -> bool:
        """Return whether the scope includes the private objects of an owner. It never includes those without an owner."""
        return owner_id == self.user_id

    @property
    def is_admin(self) -> bool:
        """True if the request may use what administrators may use."""
        return self.role is not Role.USER


class SystemScope:
    """The scope of the server's own work, which includes every object.

    Its only value is `records.access.system_scope.SYSTEM`.
    """

    __slots__ = ()


AnyScope: TypeAlias = AccessScope | SystemScope
