"""Enumerations are the records' own; here they get their place in the graph and their descriptions.

Each is served whole, also where a value has no user yet, so that a client's switch over it stays complete.
"""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def describe(kind: type[Enum], description: str, **values: str) -> None:
    """Makes the enumeration one of the graph's; every value needs its description."""
    strawberry.enum(kind, description=description)
    definition: StrawberryEnumDefinition = kind.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values.pop(value.name)
    if values:
        raise TypeError(f"{kind.__name__} has no {', '.join(values)}")
