"""Enumerations are the records' own; here they get their place in the graph and their descriptions.

Each is served whole, also where a value has no user yet, so that a client's switch over it stays complete.
"""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition


def describe(kind: type[Enum], description: str, **values: str) -> None:
    """Every value needs its description; what was read of the enumeration before is completed, not replaced."""
    if not has_enum_definition(kind):
        strawberry.enum(kind)
    definition: StrawberryEnumDefinition = kind.__strawberry_definition__  # type: ignore[attr-defined]
    definition.description = description
    for value in definition.values:
        value.description = values.pop(value.name)
    if values:
        raise TypeError(f"{kind.__name__} has no {', '.join(values)}")
