"""Access scopes as SQL. Every query of rows that have an owner contains the filter of its scope."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import RawSQL
from tortoise.models import Model
from tortoise.queryset import QuerySet

from persistence.database.sqlite import fetch_value
from records.access import AnyScope, Role, SystemScope

Row = TypeVar("Row", bound=Model)
Table: TypeAlias = Literal[
    "sessions", "messages", "documents", "text_pieces", "headings", "chunks", "deep_progress", "logins", "api_keys",
    "users",
]  # fmt: skip

_DOCUMENT_OWNER = "(SELECT owners.owner_id FROM documents AS owners WHERE owners.id = {}.document_id)"
_SESSION_OWNER = "(SELECT owners.owner_id FROM sessions AS owners WHERE owners.id = messages.session_id)"
_OWNERS: dict[Table, str] = {
    "sessions": "sessions.owner_id",
    "messages": _SESSION_OWNER,
    "documents": "documents.owner_id",
    "text_pieces": _DOCUMENT_OWNER.format("text_pieces"),
    "headings": _DOCUMENT_OWNER.format("headings"),
    "deep_progress": _DOCUMENT_OWNER.format("deep_progress"),
    "chunks": _DOCUMENT_OWNER.format("chunks"),
    "logins": "logins.user_id",
    "api_keys": "api_keys.user_id",
    "users": "users.id",
}
"""The owner of a table's rows. Rows without an owner column have the owner of their parent."""


@dataclass(frozen=True, slots=True)
class ScopeFilter:
    """The condition on the rows that a scope includes: SQL with its values."""

    sql: str
    values: tuple[Any, ...] = ()

    @property
    def unindexed(self) -> str:
        """The condition in a form for which SQLite uses no index, for queries that select few rows by another index.

        Without statistics, SQLite would prefer the index of owners and read all rows of the owner. The unary plus keeps it
        from looking up the column of the owner in an index.
        """
        return f"+{self.sql}"

    def apply(self, query: QuerySet[Row]) -> QuerySet[Row]:
        """Restrict a Tortoise query of the table, which selects rows by their ids or their parent."""
        condition = self.unindexed.replace("?", "{:d}").format(*self.values)
        return query.annotate(is_included=RawSQL(condition)).filter(is_included=True)


def scope_filter(scope: AnyScope, table: Table) -> ScopeFilter:
    """Return the condition on the rows of `table` that `scope` includes."""
    if isinstance(scope, SystemScope):
        return ScopeFilter("1")
    return ScopeFilter(f"{_OWNERS[table]} = ?", (scope.user_id,))


def user_filter(scope: AnyScope) -> ScopeFilter:
    """Return the condition on the users that a scope includes: all for administrators, otherwise the viewer alone."""
    is_admin = isinstance(scope, SystemScope) or scope.is_admin
    return ScopeFilter("1") if is_admin else scope_filter(scope, "users")


def role_filter(scope: AnyScope, *roles: Role) -> ScopeFilter:
    """Return the condition on rows that only viewers with one of `roles` may see: all of them or none."""
    is_included = isinstance(scope, SystemScope) or (scope.role in roles and scope.is_admin)
    return ScopeFilter("1" if is_included else "0")


_IS_SOLE_OWNER = """
    SELECT NOT EXISTS (SELECT 1 FROM {table} WHERE owner_id < ?1)
        AND NOT EXISTS (SELECT 1 FROM {table} WHERE owner_id > ?1)
"""


async def includes_all(client: BaseDBAsyncClient, scope: AnyScope, table: Literal["documents", "sessions"]) -> bool:
    """Return whether no row of the table is outside of the scope, so that a search needs no filter and no own statistics."""
    if isinstance(scope, SystemScope):
        return True
    return bool(await fetch_value(client, _IS_SOLE_OWNER.format(table=table), [scope.user_id]))
