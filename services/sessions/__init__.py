"""Sessions as clients see them: every change is stored and published to the subscribers."""

from services.sessions.sessions import Sessions

__all__ = ["Sessions"]
