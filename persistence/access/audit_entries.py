"""Storage of the audit log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from persistence.access.scope_filter import role_filter
from persistence.database.access_tables import AuditEntry
from persistence.database.database import Database
from persistence.database.json_columns import json_array, now, pack_any, stamp, unpack_any
from persistence.database.keyset_pages import Listing, count, page
from persistence.database.sqlite import execute, fetch_value
from records.access import (
    AccessScope,
    AnyScope,
    AuditAction,
    AuditEntryRecord,
    AuditFilter,
    AuditOutcome,
    NewAuditEntry,
    Role,
)
from records.ids import AuditEntryId, UserId
from records.page import Page, PageRequest

ERASED_TOGETHER = 1000
"""Number of entries that one transaction erases, so that other changes do not wait for long."""

_NUMBER_OF_ACTION = "SELECT count(*) FROM audit_entries WHERE at >= ? AND action = ?"
_COUNT_ATTEMPT = """
    UPDATE audit_entries SET detail = json_object('attempts', coalesce(detail ->> '$.attempts', 1) + 1)
    WHERE id = (
        SELECT max(id) FROM audit_entries WHERE at >= ? AND action = ? AND actor_name = ? AND address IS ?
    )
"""
_ERASE = "DELETE FROM audit_entries WHERE id IN (SELECT id FROM audit_entries WHERE at < ? AND {included} LIMIT ?)"


class AuditEntries:
    """Implements `services.interfaces.access.audit_store.AuditStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: NewAuditEntry) -> None:
        async with self._database.writing() as transaction:
            await _add(transaction, entry)

    async def add_attempt(self, entry: NewAuditEntry, other: NewAuditEntry, since: datetime, limit: int) -> None:
        async with self._database.writing() as transaction:
            if await _count_attempt(transaction, entry, since):
                return
            number = await fetch_value(transaction, _NUMBER_OF_ACTION, [stamp(since), entry.action.value])
            if number < limit:
                await _add(transaction, entry)
            elif not await _count_attempt(transaction, other, since):
                await _add(transaction, other)

    async def erase_before(self, scope: AnyScope, moment: datetime) -> None:
        erase = _ERASE.format(included=role_filter(scope, Role.SUPERADMIN).sql)
        while True:
            async with self._database.writing() as transaction:
                if not await execute(transaction, erase, [stamp(moment), ERASED_TOGETHER]):
                    return

    async def find_many(
        self, scope: AccessScope, ids: Sequence[AuditEntryId]
    ) -> Mapping[AuditEntryId, AuditEntryRecord]:
        async with self._database.reading() as reader:
            found = await _load(reader, scope, ids)
        return {record.id: record for record in found.values()}

    async def page(self, scope: AccessScope, filter: AuditFilter, request: PageRequest) -> Page[AuditEntryRecord]:
        async with self._database.snapshot() as reader:
            return await page(
                reader, _list_entries(scope, filter), request, lambda client, ids: _load(client, scope, ids)
            )

    async def count(self, scope: AccessScope, filter: AuditFilter) -> int:
        async with self._database.reading() as reader:
            return await count(reader, _list_entries(scope, filter))


async def _add(transaction: BaseDBAsyncClient, entry: NewAuditEntry) -> None:
    kind, target_id = entry.target or (None, None)
    await AuditEntry.create(
        using_db=transaction, at=now(), actor_id=entry.actor_id, actor_name=entry.actor_name,
        via_api_key=entry.via_api_key, action=entry.action.value, target_kind=kind, target_id=target_id,
        target_name=entry.target_name, outcome=entry.outcome.value, address=entry.address,
        detail=pack_any(entry.detail),
    )  # fmt: skip


async def _count_attempt(transaction: BaseDBAsyncClient, entry: NewAuditEntry, since: datetime) -> bool:
    """Count an attempt in an entry that was added after `since`, and return whether there is one."""
    values = [stamp(since), entry.action.value, entry.actor_name, entry.address]
    return await execute(transaction, _COUNT_ATTEMPT, values) > 0


async def _load(client: BaseDBAsyncClient, scope: AccessScope, ids: Sequence[int]) -> dict[int, AuditEntryRecord]:
    """Return the entries of the scope among `ids`, by id."""
    included = role_filter(scope, Role.SUPERADMIN).apply(AuditEntry.filter(id__in=list(ids)))
    return {row.id: _to_record(row) for row in await included.using_db(client)}


def _list_entries(scope: AccessScope, filter: AuditFilter) -> Listing:
    kind, target_id = filter.target or (None, None)
    conditions: dict[str, Any] = {
        "actor_id = ?": filter.actor_id,
        "action IN (SELECT value FROM json_each(?))": None if filter.actions is None else json_array(filter.actions),
        "target_kind = ?": kind,
        "target_id = ?": target_id,
        "at >= ?": filter.since and stamp(filter.since),
        "at < ?": filter.until and stamp(filter.until),
    }
    chosen = {sql: value for sql, value in conditions.items() if value is not None}
    return Listing(
        order="audit entries", source="audit_entries", key="audit_entries.at", id="audit_entries.id", key_type=str,
        where=" AND ".join([role_filter(scope, Role.SUPERADMIN).sql, *chosen]), values=tuple(chosen.values()),
        descending=True,
    )  # fmt: skip


def _to_record(row: AuditEntry) -> AuditEntryRecord:
    target = None if row.target_kind is None or row.target_id is None else (row.target_kind, row.target_id)
    entry = NewAuditEntry(
        actor_id=None if row.actor_id is None else UserId(row.actor_id),
        actor_name=row.actor_name,
        via_api_key=row.via_api_key,
        action=AuditAction(row.action),
        target=target,
        target_name=row.target_name,
        outcome=AuditOutcome(row.outcome),
        address=row.address,
        detail=unpack_any(row.detail),
    )
    return AuditEntryRecord(AuditEntryId(row.id), row.at, entry)
