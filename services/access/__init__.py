"""Access: resolves the scope of every request."""

from services.access.local_access import LocalAccess, open_local_access

__all__ = ["LocalAccess", "open_local_access"]
