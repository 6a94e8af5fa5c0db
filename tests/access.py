"""Access scopes for tests: the local user, and a second user, whose row `add_stranger` adds."""

from persistence.database.access_tables import User
from persistence.database.database import Database
from persistence.database.json_columns import now
from records.access import AccessScope, Role
from records.access.system_scope import SYSTEM
from records.ids import UserId

LOCAL = AccessScope(UserId(1), Role.SUPERADMIN)
STRANGER = AccessScope(UserId(2), Role.USER)

__all__ = ["LOCAL", "STRANGER", "SYSTEM", "add_stranger"]


async def add_stranger(database: Database) -> None:
    """Add the user of the scope `STRANGER`."""
    async with database.writing() as transaction:
        await User.create(
            using_db=transaction, id=STRANGER.user_id, name="Stranger", role=STRANGER.role.value, created_at=now()
        )
