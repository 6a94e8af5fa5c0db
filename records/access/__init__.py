"""Access: users with their roles, and the scope of what one request may read and change."""

from records.access.scopes import AccessScope, AnyScope, Role, SystemScope, UserRecord

__all__ = ["AccessScope", "AnyScope", "Role", "SystemScope", "UserRecord"]
