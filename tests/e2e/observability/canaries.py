"""Operations with a canary in every text of their input, generated from the schema."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    build_schema,
)

from tests.e2e.client import Json
from tests.paths import ROOT

PLAIN: dict[str, Any] = {"Int": 1, "Float": 0.5, "Boolean": True, "BigInt": 1}


def served_schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))


def mutations(schema: GraphQLSchema, canary: str, key: str) -> Iterator[tuple[str, str, Json]]:
    """Yield name, operation and variables of every mutation except the upload. `key` is used for every id."""
    assert schema.mutation_type is not None
    for name, field in schema.mutation_type.fields.items():
        if name != "uploadDocument":
            declared = ", ".join(f"${arg}: {each.type}" for arg, each in field.args.items())
            given = ", ".join(f"{arg}: ${arg}" for arg in field.args)
            operation = f"mutation {name[0].upper()}{name[1:]}({declared}) {{ {name}({given}) {{ __typename }} }}"
            yield name, operation, {arg: filled(each.type, canary, key) for arg, each in field.args.items()}


def filled(kind: GraphQLInputType, canary: str, key: str) -> Any:
    """Return a value of a type with every field set; of a `@oneOf` input only the first field."""
    if isinstance(kind, GraphQLNonNull):
        return filled(kind.of_type, canary, key)
    if isinstance(kind, GraphQLList):
        return [filled(kind.of_type, canary, key)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        parts = list(kind.fields.items())[: 1 if kind.is_one_of else None]
        return {name: filled(part.type, canary, key) for name, part in parts}
    if kind.name == "ID":
        return key
    return PLAIN.get(kind.name, {"words": canary} if kind.name == "JSON" else canary)
