"""Storage of API keys."""

from datetime import datetime

from persistence.access.scope_filter import scope_filter
from persistence.access.users import to_user
from persistence.database.access_tables import ApiKey, User
from persistence.database.database import Database
from persistence.database.json_columns import now
from records.access import AccessScope, ApiKeyRecord, FoundKey, KeyLimit
from records.errors import NotFound
from records.ids import ApiKeyId, UserId


class ApiKeys:
    """Implements `services.interfaces.access.api_key_store.ApiKeyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, scope: AccessScope, name: str, prefix: str, digest: str, limit: KeyLimit, expires_at: datetime | None
    ) -> ApiKeyRecord:
        async with self._database.writing() as transaction:
            row = await ApiKey.create(
                using_db=transaction, user_id=scope.user_id, name=name, prefix=prefix, digest=digest,
                access_limit=limit.value, created_at=now(), expires_at=expires_at,
            )  # fmt: skip
        return _to_record(row)

    async def find_by_prefix(self, prefix: str) -> FoundKey | None:
        async with self._database.snapshot() as reader:
            row = await ApiKey.get_or_none(prefix=prefix, using_db=reader)
            if row is None or (row.expires_at is not None and row.expires_at <= now()):
                return None
            user = await User.get(id=row.user_id, using_db=reader)
        return FoundKey(_to_record(row), row.digest, to_user(user)) if user.active else None

    async def set_used(self, key_id: ApiKeyId) -> None:
        async with self._database.writing() as transaction:
            await ApiKey.filter(id=key_id).using_db(transaction).update(last_used_at=now())

    async def of_user(self, scope: AccessScope) -> tuple[ApiKeyRecord, ...]:
        included = scope_filter(scope, "api_keys")
        async with self._database.reading() as reader:
            own = included.apply(ApiKey.filter(user_id=scope.user_id))
            rows = await own.order_by("-id").using_db(reader)
        return tuple(map(_to_record, rows))

    async def delete(self, scope: AccessScope, key_id: ApiKeyId) -> ApiKeyRecord:
        included = scope_filter(scope, "api_keys")
        async with self._database.writing() as transaction:
            row = await included.apply(ApiKey.filter(id=key_id)).using_db(transaction).first()
            if row is None:
                raise NotFound("API key", key_id)
            await ApiKey.filter(id=row.id).using_db(transaction).delete()
        return _to_record(row)


def _to_record(row: ApiKey) -> ApiKeyRecord:
    return ApiKeyRecord(
        id=ApiKeyId(row.id),
        user_id=UserId(row.user_id),
        name=row.name,
        prefix=row.prefix,
        limit=KeyLimit(row.access_limit),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
    )
