"""How large an operation is once its fragments are expanded, found in one walk that sees every fragment once.

The sizes of fragments add up by arithmetic, never by expansion, so that a bomb of nested fragments is counted as fast as it
is read. This runs before the standard rules of validation, which could not stand such documents.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from records.codes import ErrorCode
from records.settings import Limits
from transport.security.refusals import VALIDATION_FAILED

MAX_INTROSPECTION_DEPTH = 15
"""What the introspection query of the common tools needs."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a selection set, all fragments expanded. Lists are those of objects: a list of names multiplies nothing."""

    depth: int = 0
    introspection_depth: int = 0
    list_depth: int = 0
    roots: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Size") -> "Size":
        return Size(
            max(self.depth, other.depth),
            max(self.introspection_depth, other.introspection_depth),
            max(self.list_depth, other.list_depth),
            self.roots + other.roots,
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
        )


EMPTY = Size()


def within_limits(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """What speaks against the document: fragments in a circle, or the first operation beyond the limits."""
    fragments = fragments_of(document)
    order = innermost_first(fragments)
    if isinstance(order, GraphQLError):
        return [order]
    measure = _Measure(schema)
    for fragment in order:
        measure.fragments[fragment.name.value] = measure.definition(fragment, _named(schema, fragment.type_condition))
    for operation in operations_of(document):
        size = measure.definition(operation, schema.get_root_type(operation.operation))
        if errors := [*_beyond(size, operation, limits)]:
            return errors
    return []


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def operations_of(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def innermost_first(fragments: Mapping[str, FragmentDefinitionNode]) -> list[FragmentDefinitionNode] | GraphQLError:
    """The fragments in an order in which each comes behind those that it spreads. Not recursive: chains may be long."""
    spreads = {name: [*_spreads(node.selection_set)] for name, node in fragments.items()}
    done: dict[str, FragmentDefinitionNode] = {}
    for root in fragments:
        if root in done:
            continue
        path = {root: iter(spreads[root])}
        while path:
            name, waiting = next(reversed(path.items()))
            inner = next((spread for spread in waiting if spread in fragments and spread not in done), None)
            if inner is None:
                done[name] = fragments[name]
                del path[name]
            elif inner in path:
                return _circle(fragments[inner])
            else:
                path[inner] = iter(spreads[inner])
    return [*done.values()]


def _circle(fragment: FragmentDefinitionNode) -> GraphQLError:
    message = f"Cannot spread fragment '{fragment.name.value}' within itself."
    return GraphQLError(message, fragment, extensions={"code": VALIDATION_FAILED})


def _spreads(selection_set: SelectionSetNode) -> Iterator[str]:
    waiting = [selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                waiting.append(selection.selection_set)


def _named(schema: GraphQLSchema, condition: NamedTypeNode) -> GraphQLNamedType | None:
    return schema.get_type(condition.name.value)


class _Measure:
    """Recursion goes no deeper than the parser lets a definition nest. What the schema does not know counts all the same."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.fragments: dict[str, Size] = {}

    def definition(
        self, node: OperationDefinitionNode | FragmentDefinitionNode, parent: GraphQLNamedType | None
    ) -> Size:
        return self._together(self._selected(node.selection_set, parent), len(node.directives or ()))

    def _selected(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> Size:
        size = EMPTY
        for selection in selection_set.selections:
            match selection:
                case FieldNode():
                    one = self._field(selection, parent)
                case InlineFragmentNode():
                    condition = selection.type_condition
                    within = parent if condition is None else _named(self._schema, condition)
                    one = self._selected(selection.selection_set, within)
                case FragmentSpreadNode():
                    one = self.fragments.get(selection.name.value, EMPTY)
                case _:
                    continue
            size = size.beside(self._together(one, len(selection.directives or ())))
        return size

    def _together(self, size: Size, directives: int) -> Size:
        return size.beside(Size(directives=directives)) if directives else size

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Size:
        name = node.name.value
        definition = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            definition = parent.fields.get(name)
        returned = get_named_type(definition.type) if definition else self._introspected(name)
        inner = self._selected(node.selection_set, returned) if node.selection_set else EMPTY
        about_schema = name in ("__schema", "__type")
        outer_type = definition.type if definition else None
        if is_non_null_type(outer_type):
            outer_type = outer_type.of_type
        listed = is_list_type(outer_type) and is_composite_type(returned) and not about_schema
        return Size(
            depth=1 if about_schema else 1 + inner.depth,
            introspection_depth=1 + inner.depth if about_schema else inner.introspection_depth,
            list_depth=0 if about_schema else inner.list_depth + listed,
            roots=1,
            fields=1 + inner.fields,
            aliases=(node.alias is not None) + inner.aliases,
            directives=inner.directives,
        )

    def _introspected(self, name: str) -> GraphQLNamedType | None:
        return self._schema.get_type({"__schema": "__Schema", "__type": "__Type"}.get(name, ""))


def _beyond(size: Size, operation: OperationDefinitionNode, limits: Limits) -> Iterable[GraphQLError]:
    for found, limit, what in (
        (size.depth, limits.max_depth, "levels of fields"),
        (size.introspection_depth, MAX_INTROSPECTION_DEPTH, "levels of introspection"),
        (size.list_depth, limits.max_list_depth, "lists within each other"),
        (size.roots, limits.max_root_fields, "fields at its root"),
        (size.fields, limits.max_fields, "fields, fragments expanded"),
        (size.aliases, limits.max_aliases, "aliases"),
        (size.directives, limits.max_directives, "directives"),
    ):
        if found > limit:
            yield too_large(f"The operation has more than {limit} {what}.", operation)


def too_large(message: str, operation: OperationDefinitionNode) -> GraphQLError:
    return GraphQLError(message, operation, extensions={"code": ErrorCode.TOO_LARGE})
