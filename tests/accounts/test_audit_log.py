"""The audit log stays small: failed log-ins are counted together, and old entries are erased."""

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio

from persistence.access.audit_entries import ERASED_TOGETHER, AuditEntries
from persistence.database.database import Database
from persistence.database.json_columns import stamp
from persistence.database.sqlite import execute, execute_many, fetch_value
from records.access import AuditFilter, Exchange
from records.page import PageRequest
from services.access.audit_log import MAX_FAILED, SEVERAL, AuditLog
from services.access.audit_retention import open_audit_retention
from tests.access import LOCAL, STRANGER, SYSTEM
from tests.accounts.server import EMAIL, AccountsServer
from tests.support.supervisor import open_test_supervisor

HOME, OFFICE = Exchange(address="192.0.2.1"), Exchange(address="192.0.2.2")


async def entries(database: Database) -> list[tuple[str, str | None, Any]]:
    """Return the name, the address and the detail of each entry, the first one first."""
    page = await AuditEntries(database).page(LOCAL, AuditFilter(), PageRequest(first=100))
    return [(each.entry.actor_name, each.entry.address, each.entry.detail) for each in reversed(page.items)]


async def test_failed_log_ins_of_one_client_and_account_within_a_minute_are_one_entry(database: Database) -> None:
    log = AuditLog(AuditEntries(database))
    for exchange, email in ((HOME, "a"), (HOME, "a"), (OFFICE, "a"), (HOME, "b"), (HOME, "a")):
        await log.record_failed_log_in(email, exchange)
    assert await entries(database) == [
        ("a", "192.0.2.1", {"attempts": 3}), ("a", "192.0.2.2", None), ("b", "192.0.2.1", None),
    ]  # fmt: skip
    async with database.writing() as transaction:
        earlier = stamp(datetime.now(UTC) - timedelta(seconds=61))
        await execute(transaction, "UPDATE audit_entries SET at = ?", [earlier])
    await log.record_failed_log_in("a", HOME)
    assert (await entries(database))[3:] == [("a", "192.0.2.1", None)]


async def test_failed_log_ins_with_ever_new_addresses_add_few_entries(database: Database) -> None:
    log = AuditLog(AuditEntries(database))
    for number in range(MAX_FAILED + 20):
        await log.record_failed_log_in(f"guess{number}", HOME)
    await log.record_failed_log_in("guess0", HOME)
    found = await entries(database)
    assert len(found) == MAX_FAILED + 1
    assert found[0] == ("guess0", "192.0.2.1", {"attempts": 2})
    assert found[-1] == (SEVERAL, None, {"attempts": 20})


async def test_the_number_of_attempts_is_shown(server: AccountsServer) -> None:
    for _ in range(3):
        await server.log_in(EMAIL, "not the password of Ada")
    found = await server.run(
        "{ auditEntries(filter: {action: [LOG_IN_FAILED]}) { nodes { actorName detail } } }", await server.token()
    )
    assert found["auditEntries"]["nodes"] == [{"actorName": EMAIL, "detail": {"attempts": 3}}]


async def add_entries(database: Database, ages: list[float]) -> None:
    """Add an entry for each age in days."""
    now = datetime.now(UTC)
    rows = [(stamp(now - timedelta(days=age)), f"{age}") for age in ages]
    async with database.writing() as transaction:
        await execute_many(
            transaction,
            "INSERT INTO audit_entries (at, actor_name, action, outcome) VALUES (?, ?, 'LOG_IN', 'DONE')",
            rows,
        )


async def test_old_entries_are_erased_at_the_start(database: Database) -> None:
    await add_entries(database, [400.0] * (ERASED_TOGETHER + 5) + [29.0])
    async with (
        open_test_supervisor() as supervisor,
        open_audit_retention(supervisor, AuditEntries(database), 30, SYSTEM),
    ):
        with anyio.fail_after(10):
            while await number(database) > 1:
                await anyio.sleep(0.01)
        assert supervisor.alive == ("audit retention",)
    assert [name for name, _, _ in await entries(database)] == ["29.0"]


async def number(database: Database) -> int:
    async with database.reading() as reader:
        return int(await fetch_value(reader, "SELECT count(*) FROM audit_entries"))


async def test_with_zero_days_all_entries_are_kept(database: Database) -> None:
    await add_entries(database, [4000.0])
    async with (
        open_test_supervisor() as supervisor,
        open_audit_retention(supervisor, AuditEntries(database), 0, SYSTEM),
    ):
        assert supervisor.alive == ()
    assert await number(database) == 1


async def test_a_user_erases_no_entries(database: Database) -> None:
    await add_entries(database, [400.0])
    await AuditEntries(database).erase_before(STRANGER, datetime.now(UTC))
    assert await number(database) == 1
