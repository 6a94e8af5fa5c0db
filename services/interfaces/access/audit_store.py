"""Interface of the store of the audit log, implemented by `persistence/access/audit_entries.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from records.access import AccessScope, AnyScope, AuditEntryRecord, AuditFilter, NewAuditEntry
from records.ids import AuditEntryId
from records.page import Page, PageRequest


class AuditStore(Protocol):
    """The audit log. A scope includes all entries for the superadmin, and none for others."""

    async def add(self, entry: NewAuditEntry) -> None: ...

    async def add_attempt(self, entry: NewAuditEntry, other: NewAuditEntry, since: datetime, limit: int) -> None:
        """Add an entry, or count it in one of the same action, name and address that was added after `since`.

        `detail.attempts` is the number of attempts that an entry stands for, from 2. If `limit` entries of the action were
        added after `since`, add or count `other` instead.
        """
        ...

    async def erase_before(self, scope: AnyScope, moment: datetime) -> None:
        """Erase the entries of the scope that are older than `moment`."""
        ...

    async def find_many(
        self, scope: AccessScope, ids: Sequence[AuditEntryId]
    ) -> Mapping[AuditEntryId, AuditEntryRecord]: ...

    async def page(self, scope: AccessScope, filter: AuditFilter, request: PageRequest) -> Page[AuditEntryRecord]:
        """Return a page of entries, the latest first."""
        ...

    async def count(self, scope: AccessScope, filter: AuditFilter) -> int: ...
