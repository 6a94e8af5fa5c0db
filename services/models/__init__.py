"""Local models: which exist, their states and settings, and loading and unloading.

`models.py` is the entry point; it is opened by `open_models`. `registry.py` has the state of each model, `catalogue.py`
finds the files, `loader.py` decides about loads, and `model_process.py` runs one worker process.
"""

from services.models.models import Models, open_models

__all__ = ["Models", "open_models"]
