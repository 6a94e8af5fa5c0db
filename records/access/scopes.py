"""Access scopes: what one request may read and change."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from records.ids import UserId


class Role(StrEnum):
    SUPERADMIN = "SUPERADMIN"
    ADMIN = "ADMIN"
    USER = "USER"


class KeyLimit(StrEnum):
    """The operations that an API key permits within the role of its owner.

    READ permits queries and subscriptions; WRITE also mutations of one's own objects; ADMIN everything except changes of
    log-ins, keys and roles.
    """

    READ = "READ"
    WRITE = "WRITE"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class Audience:
    """The users who could read an object at the time of a change. Administrators belong to it if the object is shared."""

    owner_id: UserId | None = None
    members: frozenset[UserId] = frozenset()
    "Users with access to a collection that contains the object."
    is_shared: bool = False
    "True if a collection contains the object."
    excluded: frozenset[UserId] = frozenset()
    "Users who do not belong to the audience in any case."
    excludes_admins: bool = False
    "True if administrators do not belong to the audience in any case: the change does not affect what they see."


@dataclass(frozen=True, slots=True)
class AccessScope:
    """The objects that one user may read and change. Every store method takes a scope as its first argument.

    An object outside of the scope does not exist for the user: no role includes another user's private objects.
    `persistence/access/scope_filter.py` turns a scope into SQL.
    """

    user_id: UserId
    role: Role
    limit: KeyLimit | None = None
    "The limit of the API key of the request; None without an API key."

    def includes(self, owner_id: UserId | None) -> bool:
        """Return whether the scope includes the private objects of an owner. It never includes those without an owner."""
        return owner_id == self.user_id

    def is_in(self, audience: Audience) -> bool:
        """Return whether the user belongs to an audience."""
        if self.user_id in audience.excluded or (audience.excludes_admins and self.is_admin):
            return False
        is_member = self.user_id in audience.members or (audience.is_shared and self.is_admin)
        return is_member or self.includes(audience.owner_id)

    @property
    def is_admin(self) -> bool:
        """True if the request may use what administrators may use."""
        return self.role is not Role.USER and self.limit in (None, KeyLimit.ADMIN)


NOBODY = AccessScope(UserId(0), Role.USER)
"""The scope of a request without credentials. It includes no object, because the ids of users begin at 1."""


class SystemScope:
    """The scope of the server's own work, which includes every object.

    Its only value is `records.access.system_scope.SYSTEM`.
    """

    __slots__ = ()


AnyScope: TypeAlias = AccessScope | SystemScope
