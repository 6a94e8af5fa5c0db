"""Interface of the store of the audit log, implemented by `persistence/access/audit_entries.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.access import AccessScope, AuditEntryRecord, AuditFilter, NewAuditEntry
from records.ids import AuditEntryId
from records.page import Page, PageRequest


class AuditStore(Protocol):
    """The audit log. A scope includes all entries for the superadmin, and none for others."""

    async def add(self, entry: NewAuditEntry) -> None: ...

    async def find_many(
        self, scope: AccessScope, ids: Sequence[AuditEntryId]
    ) -> Mapping[AuditEntryId, AuditEntryRecord]: ...

    async def page(self, scope: AccessScope, filter: AuditFilter, request: PageRequest) -> Page[AuditEntryRecord]:
        """Return a page of entries, the latest first."""
        ...

    async def count(self, scope: AccessScope, filter: AuditFilter) -> int: ...
