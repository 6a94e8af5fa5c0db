"""Interface of the server's secret keys, implemented by `persistence/master_keys.py`."""

from typing import Protocol


class SecretKeys(Protocol):
    """Keys that are derived from random master keys, one for each purpose."""

    def current(self, purpose: str) -> tuple[str, bytes]:
        """Return the id of the newest master key, and the key of 32 bytes that is derived from it for a purpose."""
        ...

    def find(self, key_id: str, purpose: str) -> bytes | None:
        """Return the key for a purpose that is derived from the master key with an id; None for an unknown id."""
        ...
