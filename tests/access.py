"""Access scopes for tests: the local user, and a second user, whose row `add_stranger` adds."""

from persistence.database.access_tables import User
from persistence.database.database import Database
from persistence.database.json_columns import now
from records.access import AccessScope, KeyLimit, Role
from records.access.system_scope import SYSTEM
from records.ids import UserId

LOCAL = AccessScope(UserId(1), Role.SUPERADMIN)
STRANGER = AccessScope(UserId(2), Role.USER)

PEOPLE: dict[str, AccessScope] = {
    "local": LOCAL,
    "stranger": STRANGER,
    "admin": AccessScope(UserId(3), Role.ADMIN),
    "reader": AccessScope(UserId(4), Role.USER),
    "writer": AccessScope(UserId(5), Role.USER),
    "manager": AccessScope(UserId(6), Role.USER),
    "admin's key": AccessScope(UserId(3), Role.ADMIN, KeyLimit.WRITE),
}
"""The scopes of more users by name; `add_people` adds their rows."""

__all__ = ["LOCAL", "PEOPLE", "STRANGER", "SYSTEM", "add_people", "add_stranger"]


async def add_people(database: Database) -> None:
    """Add the users of `PEOPLE`."""
    async with database.writing() as transaction:
        for name, scope in PEOPLE.items():
            if scope is not LOCAL and scope.limit is None:
                await User.create(
                    using_db=transaction, id=scope.user_id, name=name.title(), email=f"{name}@example.org",
                    email_key=f"{name}@example.org", role=scope.role.value, created_at=now(),
                )  # fmt: skip


async def add_stranger(database: Database) -> None:
    """Add the user of the scope `STRANGER`."""
    async with database.writing() as transaction:
        await User.create(
            using_db=transaction, id=STRANGER.user_id, name="Stranger", role=STRANGER.role.value, created_at=now()
        )
