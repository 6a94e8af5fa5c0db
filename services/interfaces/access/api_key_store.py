"""Interface of the store of API keys, implemented by `persistence/access/api_keys.py`."""

from datetime import datetime
from typing import Protocol

from records.access import AccessScope, ApiKeyRecord, FoundKey, KeyLimit
from records.ids import ApiKeyId


class ApiKeyStore(Protocol):
    async def create(
        self, scope: AccessScope, name: str, prefix: str, digest: str, limit: KeyLimit, expires_at: datetime | None
    ) -> ApiKeyRecord: ...

    async def find_by_prefix(self, prefix: str) -> FoundKey | None:
        """Return the key with a prefix; None if there is none, it has expired, or its user is not active."""
        ...

    async def set_used(self, key_id: ApiKeyId) -> None:
        """Store that a key was used now."""
        ...

    async def of_user(self, scope: AccessScope) -> tuple[ApiKeyRecord, ...]:
        """Return the viewer's keys, the latest first."""
        ...

    async def delete(self, scope: AccessScope, key_id: ApiKeyId) -> ApiKeyRecord:
        """Erase a key of the viewer and return it. Raises `NotFound`."""
        ...
