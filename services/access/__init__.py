"""Access: accounts, log-ins and API keys, and the authentication of every request."""

from services.access.access import Access, AccessStores, create_access

__all__ = ["Access", "AccessStores", "create_access"]
