"""Storage of users."""

from persistence.database.database import Database
from persistence.database.tables import User
from records.access import Role, UserRecord
from records.ids import UserId


class Users:
    """Implements `services.interfaces.user_store.UserStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def superadmin(self) -> UserRecord:
        async with self._database.reading() as reader:
            return _to_record(await User.get(role=Role.SUPERADMIN.value, using_db=reader))


def _to_record(row: User) -> UserRecord:
    return UserRecord(
        id=UserId(row.id), name=row.name, role=Role(row.role), active=row.active, created_at=row.created_at
    )
