"""Limits of an operation's size with all fragments expanded.

Fragments are not actually expanded: each is measured once, and its size is added wherever it is spread. A bomb of nested
fragments is therefore measured as fast as it is parsed.
The limits are checked before the standard validation rules, which would take too long on such documents.
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
from records.configuration import Limits
from transport.errors import VALIDATION_FAILED

MAX_INTROSPECTION_DEPTH = 15
"""Maximum levels of fields below `__schema` and `__type`; the introspection queries of common tools need as many."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a selection set with all fragments expanded. Lists of scalars do not count for `list_depth`."""

    depth: int = 0
    introspection_depth: int = 0
    list_depth: int = 0
    roots: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def combine(self, other: "Size") -> "Size":
        """Return the size of a selection set that contains both selection sets."""
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


def limit_violations(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Return an error for a cycle of fragments, or the errors of the first operation that exceeds limits.

    The list is empty if the document is within the limits.
    """
    fragments = fragments_of(document)
    order = innermost_first(fragments)
    if isinstance(order, GraphQLError):
        return [order]
    measure = _Measurement(schema)
    for fragment in order:
        measure.fragments[fragment.name.value] = measure.measure(fragment, _named(schema, fragment.type_condition))
    for operation in operations_of(document):
        size = measure.measure(operation, schema.get_root_type(operation.operation))
        if errors := [*_exceeded(size, operation, limits)]:
            return errors
    return []


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """Return the fragments of a document by their names."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def operations_of(document: DocumentNode) -> list[OperationDefinitionNode]:
    """Return the operations of a document."""
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def innermost_first(fragments: Mapping[str, FragmentDefinitionNode]) -> list[FragmentDefinitionNode] | GraphQLError:
    """Sort fragments so that each comes after those that it spreads; return an error for a cycle.

    Not recursive, because chains of fragments may be long.
    """
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
                return _cycle(fragments[inner])
            else:
                path[inner] = iter(spreads[inner])
    return [*done.values()]


def _cycle(fragment: FragmentDefinitionNode) -> GraphQLError:
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


class _Measurement:
    """Measures operations and fragments. Unknown fields count, too.

    It is recursive: the parser limits the nesting of a definition.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.fragments: dict[str, Size] = {}

    def measure(self, node: OperationDefinitionNode | FragmentDefinitionNode, parent: GraphQLNamedType | None) -> Size:
        return self._with_directives(self._selection_set(node.selection_set, parent), len(node.directives or ()))

    def _selection_set(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> Size:
        size = EMPTY
        for selection in selection_set.selections:
            match selection:
                case FieldNode():
                    one = self._field(selection, parent)
                case InlineFragmentNode():
                    condition = selection.type_condition
                    within = parent if condition is None else _named(self._schema, condition)
                    one = self._selection_set(selection.selection_set, within)
                case FragmentSpreadNode():
                    one = self.fragments.get(selection.name.value, EMPTY)
                case _:
                    continue
            size = size.combine(self._with_directives(one, len(selection.directives or ())))
        return size

    def _with_directives(self, size: Size, directives: int) -> Size:
        return size.combine(Size(directives=directives)) if directives else size

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Size:
        name = node.name.value
        definition = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            definition = parent.fields.get(name)
        returned = get_named_type(definition.type) if definition else self._introspection_type(name)
        inner = self._selection_set(node.selection_set, returned) if node.selection_set else EMPTY
        is_introspection = name in ("__schema", "__type")
        outer_type = definition.type if definition else None
        if is_non_null_type(outer_type):
            outer_type = outer_type.of_type
        is_list = is_list_type(outer_type) and is_composite_type(returned) and not is_introspection
        return Size(
            depth=1 if is_introspection else 1 + inner.depth,
            introspection_depth=1 + inner.depth if is_introspection else inner.introspection_depth,
            list_depth=0 if is_introspection else inner.list_depth + is_list,
            roots=1,
            fields=1 + inner.fields,
            aliases=(node.alias is not None) + inner.aliases,
            directives=inner.directives,
        )

    def _introspection_type(self, name: str) -> GraphQLNamedType | None:
        return self._schema.get_type({"__schema": "__Schema", "__type": "__Type"}.get(name, ""))


def _exceeded(size: Size, operation: OperationDefinitionNode, limits: Limits) -> Iterable[GraphQLError]:
    for found, limit, unit in (
        (size.depth, limits.max_depth, "levels of fields"),
        (size.introspection_depth, MAX_INTROSPECTION_DEPTH, "levels of introspection"),
        (size.list_depth, limits.max_list_depth, "nested lists"),
        (size.roots, limits.max_root_fields, "root fields"),
        (size.fields, limits.max_fields, "fields with its fragments expanded"),
        (size.aliases, limits.max_aliases, "aliases"),
        (size.directives, limits.max_directives, "directives"),
    ):
        if found > limit:
            yield too_large(f"The operation has more than {limit} {unit}.", operation)


def too_large(message: str, operation: OperationDefinitionNode) -> GraphQLError:
    """Return the error for an operation that exceeds a limit."""
    return GraphQLError(message, operation, extensions={"code": ErrorCode.TOO_LARGE})
