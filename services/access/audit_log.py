"""The audit log: who did what to whom, and from where."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from records.access import AuditAction, AuditOutcome, Exchange, NewAuditEntry, Viewer
from records.ids import UserId
from services.interfaces.access.audit_store import AuditStore

ATTEMPT_WINDOW = timedelta(minutes=1)
MAX_FAILED = 30
"""Number of entries of failed log-ins in a minute, after which further ones are counted in one entry."""
SEVERAL = "several addresses"


class AuditLog:
    """Adds entries to the audit log. An entry contains no password, token or other secret."""

    def __init__(self, entries: AuditStore) -> None:
        self._entries = entries

    async def record(
        self,
        action: AuditAction,
        viewer: Viewer,
        exchange: Exchange,
        *,
        target: tuple[str, int] | None = None,
        target_name: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Record an action of a viewer."""
        await self._entries.add(
            NewAuditEntry(
                actor_id=None if viewer.is_nobody else viewer.scope.user_id,
                actor_name=viewer.name,
                via_api_key=_key_name(viewer),
                action=action,
                target=target,
                target_name=target_name,
                outcome=AuditOutcome.DONE,
                address=exchange.address,
                detail=detail,
            )
        )

    async def record_failed_log_in(self, email: str, exchange: Exchange) -> None:
        """Record a failed attempt to log in. Nobody is the actor; the name is the address that was entered.

        Attempts with the same address from the same client within a minute are one entry. After `MAX_FAILED` entries
        in a minute, all others are one entry without a client, so that attempts cannot fill the disk.
        """
        action, outcome = AuditAction.LOG_IN_FAILED, AuditOutcome.DENIED
        entry = NewAuditEntry(None, email, None, action, None, None, outcome, exchange.address, None)
        other = replace(entry, actor_name=SEVERAL, address=None)
        await self._entries.add_attempt(entry, other, datetime.now(UTC) - ATTEMPT_WINDOW, MAX_FAILED)

    async def record_user(
        self, action: AuditAction, user_id: UserId | None, name: str, exchange: Exchange, *, is_denied: bool = False
    ) -> None:
        """Record an action of a person who is not logged in: a log-in, a sign-up or their failure."""
        outcome = AuditOutcome.DENIED if is_denied else AuditOutcome.DONE
        await self._entries.add(NewAuditEntry(user_id, name, None, action, None, None, outcome, exchange.address, None))


def _key_name(viewer: Viewer) -> str | None:
    """Return the name of the key of a request; None without a key."""
    if viewer.api_key is not None:
        return viewer.api_key.name
    return None if viewer.scope.limit is None else "access token of the server"
