"""Splits a schema document into its parts, so that two documents can be compared part by part."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import parse
from graphql.language import (
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    Node,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    print_ast,
)


@dataclass(frozen=True)
class Part:
    """A type, field, argument, enum value, interface or union member of a schema document."""

    path: str
    "Such as `Query.node(id)`; unique in the document."
    type_name: str
    definition: str
    "Kind of a type; type of a field or argument with nullability, default and directives."
    description: str | None


def read_parts(document: str) -> dict[str, Part]:
    definitions = [node for node in parse(document).definitions if isinstance(node, TypeDefinitionNode)]
    return {part.path: part for node in definitions for part in _parts_of(node)}


def _parts_of(node: TypeDefinitionNode) -> Iterator[Part]:
    name = node.name.value
    yield Part(name, name, f"{type(node).__name__}{_directives(node)}", _description(node))
    match node:
        case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
            for interface in node.interfaces or ():
                yield Part(f"{name}: {interface.name.value}", name, "interface", None)
            for field in node.fields or ():
                yield from _field(name, field)
        case InputObjectTypeDefinitionNode():
            yield from (_input(f"{name}.{field.name.value}", name, field) for field in node.fields or ())
        case UnionTypeDefinitionNode():
            yield from (Part(f"{name} | {each.name.value}", name, "member", None) for each in node.types or ())
        case EnumTypeDefinitionNode():
            for value in node.values or ():
                yield Part(f"{name}.{value.name.value}", name, "value", _description(value))


def _field(name: str, field: FieldDefinitionNode) -> Iterator[Part]:
    path = f"{name}.{field.name.value}"
    yield Part(path, name, f"{print_ast(field.type)}{_directives(field)}", _description(field))
    yield from (_input(f"{path}({each.name.value})", name, each) for each in field.arguments or ())


def _input(path: str, name: str, node: InputValueDefinitionNode) -> Part:
    default = f" = {print_ast(node.default_value)}" if node.default_value else ""
    return Part(path, name, f"{print_ast(node.type)}{default}{_directives(node)}", _description(node))


def _directives(node: Node) -> str:
    found = sorted(print_ast(each) for each in getattr(node, "directives", None) or () if each.name.value == "oneOf")
    return "".join(f" {each}" for each in found)


def _description(node: Node) -> str | None:
    description = getattr(node, "description", None)
    return " ".join(description.value.split()) if description else None
