"""Usage of the server by each user, and its limits."""

from services.usage.places import Places
from services.usage.usage import Usage

__all__ = ["Places", "Usage"]
