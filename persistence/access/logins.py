"""Storage of log-ins and their refresh tokens."""

from datetime import datetime

from persistence.access.scope_filter import scope_filter
from persistence.access.users import to_user
from persistence.database.access_tables import Login, RefreshToken, User
from persistence.database.database import Database
from persistence.database.json_columns import now
from records.access import AccessScope, CredentialsRecord, LoginRecord, RefreshedLogin, UserRecord
from records.errors import NotFound
from records.ids import LoginId, UserId


class Logins:
    """Implements `services.interfaces.access.login_store.LoginStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        account: CredentialsRecord,
        client: str,
        refresh_digest: str,
        ends_at: datetime,
        refresh_expires_at: datetime,
    ) -> LoginRecord | None:
        moment, user_id = now(), account.user.id
        async with self._database.writing() as transaction:
            unchanged = User.filter(id=user_id, active=True, password_hash=account.password_hash)
            if not await unchanged.using_db(transaction).exists():
                return None
            row = await Login.create(
                using_db=transaction, user_id=user_id, client=client, created_at=moment, last_used_at=moment,
                ends_at=ends_at,
            )  # fmt: skip
            await RefreshToken.create(
                using_db=transaction, login_id=row.id, digest=refresh_digest, expires_at=refresh_expires_at
            )
        return _to_record(row)

    async def find_user(self, login_id: LoginId) -> UserRecord | None:
        async with self._database.reading() as reader:
            found = User.filter(logins__id=login_id, logins__ends_at__gt=now(), active=True)
            row = await found.using_db(reader).first()
        return None if row is None else to_user(row)

    async def use_refresh_token(self, digest: str, new_digest: str, new_expires_at: datetime) -> RefreshedLogin | None:
        moment = now()
        async with self._database.writing() as transaction:
            token = await RefreshToken.get_or_none(digest=digest, expires_at__gt=moment, using_db=transaction)
            if token is None:
                return None
            login = await Login.get(id=token.login_id, using_db=transaction)
            user = await User.get(id=login.user_id, using_db=transaction)
            if login.ends_at <= moment or not user.active:
                return None
            if token.used_at is None:
                await RefreshToken.filter(id=token.id).using_db(transaction).update(used_at=moment)
                await RefreshToken.create(
                    using_db=transaction, login_id=login.id, digest=new_digest,
                    expires_at=min(new_expires_at, login.ends_at),
                )  # fmt: skip
                await Login.filter(id=login.id).using_db(transaction).update(last_used_at=moment)
        return RefreshedLogin(_to_record(login), to_user(user), token.used_at)

    async def of_user(self, scope: AccessScope) -> tuple[LoginRecord, ...]:
        included = scope_filter(scope, "logins")
        async with self._database.reading() as reader:
            own = included.apply(Login.filter(user_id=scope.user_id, ends_at__gt=now()))
            rows = await own.order_by("-id").using_db(reader)
        return tuple(map(_to_record, rows))

    async def end(self, scope: AccessScope, login_id: LoginId) -> None:
        included = scope_filter(scope, "logins")
        async with self._database.writing() as transaction:
            row = await included.apply(Login.filter(id=login_id)).using_db(transaction).first()
            if row is None:
                raise NotFound("login", login_id)
            await Login.filter(id=row.id).using_db(transaction).delete()

    async def end_all(self, user_id: UserId) -> int:
        async with self._database.writing() as transaction:
            ended = await Login.filter(user_id=user_id).using_db(transaction).count()
            await Login.filter(user_id=user_id).using_db(transaction).delete()
        return ended

    async def end_family(self, login_id: LoginId) -> None:
        async with self._database.writing() as transaction:
            await Login.filter(id=login_id).using_db(transaction).delete()

    async def remove_expired(self) -> None:
        async with self._database.writing() as transaction:
            await Login.filter(ends_at__lte=now()).using_db(transaction).delete()


def _to_record(row: Login) -> LoginRecord:
    return LoginRecord(
        id=LoginId(row.id),
        user_id=UserId(row.user_id),
        client=row.client,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        ends_at=row.ends_at,
    )
