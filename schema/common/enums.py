"""Enums of the schema are the enums of `records/`, with the descriptions that clients read.

Every value is served, also one that no record has yet, so that a client's exhaustive switch stays complete.
"""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition


def describe(kind: type[Enum], description: str, **values: str) -> None:
    """Add an enum to the schema with a description of itself and of each value. Raises `KeyError` for a missing value."""
    if not has_enum_definition(kind):
        strawberry.enum(kind)
    definition: StrawberryEnumDefinition = kind.__strawberry_definition__  # type: ignore[attr-defined]
    definition.description = description
    for value in definition.values:
        value.description = values.pop(value.name)
    if values:
        raise TypeError(f"{kind.__name__} has no {', '.join(values)}")
