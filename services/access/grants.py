"""Invitations and API keys: secrets that grant access, each shown once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from records.access import (
    ApiKeyRecord,
    AuditAction,
    Exchange,
    InvitationRecord,
    KeyLimit,
    Role,
    Viewer,
)
from records.errors import Forbidden, InvalidInput
from records.ids import ApiKeyId, GroupId, InvitationId
from services.access.accounts import RANKS, check_email
from services.access.audit_log import AuditLog
from services.access.revocations import Revocations
from services.access.secret_tokens import digest, new_api_key, new_code
from services.interfaces.access.api_key_store import ApiKeyStore
from services.interfaces.access.invitation_store import InvitationStore

MAX_INVITATION_HOURS = 720
MAX_KEY_DAYS = 3650


class Invitations:
    """Creates and revokes invitations."""

    def __init__(self, invitations: InvitationStore, audit: AuditLog) -> None:
        self._invitations = invitations
        self._audit = audit

    async def create(
        self,
        viewer: Viewer,
        exchange: Exchange,
        email: str | None,
        role: Role,
        hours: int,
        group_ids: Sequence[GroupId] = (),
    ) -> tuple[InvitationRecord, str]:
        """Create an invitation that is valid for some hours, and return it with its code.

        Raises `Forbidden` unless the role is below the viewer's, `InvalidInput` for an invalid address or time, and
        `NotFound` for an unknown group.
        """
        if RANKS[role] >= RANKS[viewer.scope.role]:
            raise Forbidden("You can invite people to roles below your own.")
        if not 1 <= hours <= MAX_INVITATION_HOURS:
            raise InvalidInput(f"{{field}} must be between 1 and {MAX_INVITATION_HOURS}.", field="expires_in_hours")
        address = None if email is None else check_email(email)
        code, expires_at = new_code(), datetime.now(UTC) + timedelta(hours=hours)
        invitation = await self._invitations.create(viewer.scope, digest(code), address, role, expires_at, group_ids)
        await self._audit.record(
            AuditAction.INVITED, viewer, exchange, target=("invitation", invitation.id), target_name=address,
            detail={"role": role.value},
        )  # fmt: skip
        return invitation, code

    async def revoke(self, viewer: Viewer, exchange: Exchange, invitation_id: InvitationId) -> None:
        """Erase an invitation. Raises `NotFound`."""
        erased = await self._invitations.delete(viewer.scope, invitation_id)
        await self._audit.record(
            AuditAction.INVITATION_REVOKED, viewer, exchange, target=("invitation", erased.id), target_name=erased.email
        )


class ApiKeys:
    """Creates and revokes the API keys of the viewer."""

    def __init__(self, keys: ApiKeyStore, revocations: Revocations, audit: AuditLog) -> None:
        self._keys = keys
        self._revocations = revocations
        self._audit = audit

    async def create(
        self, viewer: Viewer, exchange: Exchange, name: str, limit: KeyLimit, days: int | None
    ) -> tuple[ApiKeyRecord, str]:
        """Create a key that expires after some days, or never, and return it with its text.

        Raises `Forbidden` for the limit ADMIN if the viewer has the role USER, and `InvalidInput` for an invalid time.
        """
        if limit is KeyLimit.ADMIN and viewer.scope.role is Role.USER:
            raise Forbidden("A key with the limit ADMIN needs an owner with the role ADMIN or SUPERADMIN.")
        if days is not None and not 1 <= days <= MAX_KEY_DAYS:
            raise InvalidInput(f"{{field}} must be between 1 and {MAX_KEY_DAYS}.", field="expires_in_days")
        expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
        key = new_api_key()
        record = await self._keys.create(viewer.scope, name, key.prefix, digest(key.secret), limit, expires_at)
        await self._audit.record(
            AuditAction.KEY_CREATED, viewer, exchange, target=("API key", record.id), target_name=name,
            detail={"limit": limit.value},
        )  # fmt: skip
        return record, key.text

    async def revoke(self, viewer: Viewer, exchange: Exchange, key_id: ApiKeyId) -> None:
        """Erase a key of the viewer and end its connections. Raises `NotFound`."""
        erased = await self._keys.delete(viewer.scope, key_id)
        self._revocations.revoke(viewer.scope.user_id, api_key_id=key_id)
        await self._audit.record(
            AuditAction.KEY_REVOKED, viewer, exchange, target=("API key", key_id), target_name=erased.name
        )
