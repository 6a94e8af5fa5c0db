"""The composition root: opens every component in order, connects the components, and closes them in reverse order.

Only this package and `server.py` import both services and persistence. It contains no application logic.
"""

from bootstrap.components import Components, Inputs, open_components
from bootstrap.data_folder import StartFailed, open_data_folder
from bootstrap.stop_request import StopRequest

__all__ = ["Components", "Inputs", "StartFailed", "StopRequest", "open_components", "open_data_folder"]
