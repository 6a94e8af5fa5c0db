"""Sessions as the graph sees them: the store's rows, and every change of them told to whoever watches."""

from services.sessions.sessions import Sessions

__all__ = ["Sessions"]
