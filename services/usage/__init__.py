"""Usage of the server by each user, and its limits."""

from services.usage.usage import Usage

__all__ = ["Usage"]
