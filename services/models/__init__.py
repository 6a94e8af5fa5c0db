"""Local models: which there are, what state they are in, their settings, and getting them into memory and out again."""

from services.models.models import Models, open_models

__all__ = ["Models", "open_models"]
