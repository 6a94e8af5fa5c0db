"""Lifetimes: opens every owner of a resource inside those that it stands on, and hands the graph its context.

The only room, with `server.py`, where engines and persistence meet. Holds the order of things and no logic.
"""

from bootstrap.state import State, open_state

__all__ = ["State", "open_state"]
