"""Access scopes as SQL. Every query of rows that have an owner contains the filter of its scope.

A user's access to collections is not part of the scope: every statement reads it from the view `user_collections`, so that
it takes effect at once, also in subscriptions and answers that began before a change (docs/decisions/0045).
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import RawSQL
from tortoise.models import Model
from tortoise.queryset import QuerySet

from persistence.database.sqlite import fetch_value
from records.access import AccessLevel, AnyScope, Role, SystemScope

Row = TypeVar("Row", bound=Model)
Table: TypeAlias = Literal[
    "sessions", "messages", "documents", "text_pieces", "headings", "chunks", "deep_progress", "logins", "api_keys",
    "users", "collections", "groups",
]  # fmt: skip

_SESSION_OWNER = "(SELECT owners.owner_id FROM sessions AS owners WHERE owners.id = messages.session_id)"
_OWNERS: dict[Table, str] = {
    "sessions": "sessions.owner_id",
    "messages": _SESSION_OWNER,
    "logins": "logins.user_id",
    "api_keys": "api_keys.user_id",
}
"""The owner of the rows of a table that only their owner may read. Messages have the owner of their session."""
_PARTS_OF_DOCUMENTS = ("text_pieces", "headings", "chunks", "deep_progress")
_SHARED = """{name}.is_shared AND EXISTS (
    SELECT 1 FROM collection_documents AS shared
    WHERE shared.document_id = {name}.id AND shared.collection_id IN ({collections})
)"""
_VISIBLE_DOCUMENTS = """
    SELECT id FROM documents WHERE owner_id = ?
    UNION SELECT document_id FROM collection_documents WHERE collection_id IN ({collections})
"""
_OF_DOCUMENT = """EXISTS (
    SELECT 1 FROM documents AS parents WHERE parents.id = {table}.document_id AND ({included})
)"""


@dataclass(frozen=True, slots=True)
class ScopeFilter:
    """The condition on the rows that a scope includes: SQL with its values, which are numbers."""

    sql: str
    values: tuple[int, ...] = ()

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


EVERYTHING, NOTHING = ScopeFilter("1"), ScopeFilter("0")


def scope_filter(scope: AnyScope, table: Table) -> ScopeFilter:
    """Return the condition on the rows of `table` that `scope` includes."""
    if isinstance(scope, SystemScope):
        return EVERYTHING
    if table in _PARTS_OF_DOCUMENTS:
        included = _documents(scope, "parents")
        return ScopeFilter(_OF_DOCUMENT.format(table=table, included=included.sql), included.values)
    match table:
        case "documents":
            return _documents(scope, "documents")
        case "collections":
            included = collections_of(scope)
            return ScopeFilter(f"(collections.id IN ({included.sql}))", included.values)
        case "users":
            return EVERYTHING if scope.is_admin else _users(scope)
        case "groups":
            return EVERYTHING if scope.is_admin else _groups(scope)
        case _:
            return ScopeFilter(f"{_OWNERS[table]} = ?", (scope.user_id,))


def collections_of(scope: AnyScope, level: AccessLevel = AccessLevel.READ) -> ScopeFilter:
    """Return a query of the ids of the collections in which the user of the scope has at least the level."""
    if isinstance(scope, SystemScope) or scope.is_admin:
        return ScopeFilter("SELECT id FROM collections")
    query = "SELECT collection_id FROM user_collections WHERE user_id = ? AND rank >= ?"
    return ScopeFilter(query, (scope.user_id, level.rank))


def visible_documents(scope: AnyScope) -> ScopeFilter:
    """Return a query of the ids of all documents that the scope includes. Its duration depends on their number alone.

    `scope_filter` is faster for few documents that another condition selects.
    """
    if isinstance(scope, SystemScope) or scope.is_admin:
        included = scope_filter(scope, "documents")
        return ScopeFilter(f"SELECT id FROM documents WHERE {included.sql}", included.values)  # noqa: S608  # constants
    visible = collections_of(scope)
    return ScopeFilter(_VISIBLE_DOCUMENTS.format(collections=visible.sql), (scope.user_id, *visible.values))


def changeable_documents(scope: AnyScope) -> ScopeFilter:
    """Return the condition on the documents that the user of the scope may change and erase.

    These are the user's own documents, and those that are owned by a collection in which the user has the level WRITE.
    """
    if isinstance(scope, SystemScope):
        return EVERYTHING
    writable = collections_of(scope, AccessLevel.WRITE)
    condition = f"(+documents.owner_id = ? OR documents.owning_collection_id IN ({writable.sql}))"
    return ScopeFilter(condition, (scope.user_id, *writable.values))


def role_filter(scope: AnyScope, *roles: Role) -> ScopeFilter:
    """Return the condition on rows that only viewers with one of `roles` may see: all of them or none."""
    is_included = isinstance(scope, SystemScope) or (scope.role in roles and scope.is_admin)
    return EVERYTHING if is_included else NOTHING


def _documents(scope: AnyScope, name: str) -> ScopeFilter:
    """Return the condition on documents, which the query calls `name`: own documents, and those in visible collections."""
    assert not isinstance(scope, SystemScope)
    if scope.is_admin:
        return ScopeFilter(f"({name}.owner_id = ? OR {name}.is_shared)", (scope.user_id,))
    visible = collections_of(scope)
    shared = _SHARED.format(name=name, collections=visible.sql)
    return ScopeFilter(f"({name}.owner_id = ? OR {shared})", (scope.user_id, *visible.values))


def _users(scope: AnyScope) -> ScopeFilter:
    """Return the condition on users: the user of the scope, or all for one who manages a collection, to assign it."""
    assert not isinstance(scope, SystemScope)
    managed = collections_of(scope, AccessLevel.MANAGE)
    return ScopeFilter(f"(users.id = ? OR EXISTS ({managed.sql}))", (scope.user_id, *managed.values))


def _groups(scope: AnyScope) -> ScopeFilter:
    """Return the condition on groups: those of the user of the scope, or all for one who manages a collection."""
    assert not isinstance(scope, SystemScope)
    managed = collections_of(scope, AccessLevel.MANAGE)
    own = "SELECT group_id FROM group_members WHERE user_id = ?"
    return ScopeFilter(f"(groups.id IN ({own}) OR EXISTS ({managed.sql}))", (scope.user_id, *managed.values))


_HAS_OTHER_SESSIONS = """
    SELECT EXISTS (SELECT 1 FROM sessions WHERE owner_id < ?1) OR EXISTS (SELECT 1 FROM sessions WHERE owner_id > ?1)
"""
_HAS_OTHER_DOCUMENTS = """
    SELECT EXISTS (SELECT 1 FROM documents WHERE NOT is_shared AND owner_id < ?1)
        OR EXISTS (SELECT 1 FROM documents WHERE NOT is_shared AND owner_id > ?1)
"""
_HAS_OTHER_COLLECTIONS = """
    SELECT EXISTS (
        SELECT 1 FROM collections WHERE id NOT IN ({})
        AND EXISTS (SELECT 1 FROM collection_documents WHERE collection_id = collections.id)
    )
"""


async def includes_all(client: BaseDBAsyncClient, scope: AnyScope, table: Literal["documents", "sessions"]) -> bool:
    """Return whether no row of the table is outside of the scope, so that a search needs no filter and no own statistics.

    It may be False although the scope includes all documents, if one is in a collection of the user and in another.
    """
    if isinstance(scope, SystemScope):
        return True
    query = _HAS_OTHER_DOCUMENTS if table == "documents" else _HAS_OTHER_SESSIONS
    if await fetch_value(client, query, [scope.user_id]):
        return False
    if table == "sessions" or scope.is_admin:
        return True
    visible = collections_of(scope)
    return not await fetch_value(client, _HAS_OTHER_COLLECTIONS.format(visible.sql), visible.values)
