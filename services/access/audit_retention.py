"""Erases old entries of the audit log, at the start of the server and once a day."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import anyio

from concurrency import Supervisor
from records.access import SystemScope
from services.attempt import attempt
from services.interfaces.access.audit_store import AuditStore

INTERVAL_SECONDS = 24 * 3600.0


@asynccontextmanager
async def open_audit_retention(
    supervisor: Supervisor, entries: AuditStore, days: int, system: SystemScope
) -> AsyncIterator[None]:
    """Erase entries that are older than `days` while the block is open; 0 keeps all entries."""

    async def erase() -> None:
        await entries.erase_before(system, datetime.now(UTC) - timedelta(days=days))

    async def run() -> None:
        while True:
            await attempt(erase, "erasure of old audit entries")
            await anyio.sleep(INTERVAL_SECONDS)

    if days == 0:
        yield
        return
    async with supervisor.running("audit retention", run):
        yield
