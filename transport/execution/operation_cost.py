"""The maximum cost of an operation: the number of its fields. A field inside a list counts once for each possible item.

The arguments `first`, `last` and `topK` of a field set the number of items of the nearest lists below the field:
`books(first: 50) { nodes { name } }` costs 1 + 1 + 50. A field with the argument `ids` returns one item for each id, and
each item costs at least 1. The cost depends on the values of variables, so it is estimated for each request. One walk visits
every fragment once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
)

from transport.execution.operation_limits import fragments_of, innermost_first

SIZE_ARGUMENTS = ("first", "last", "topK")
IDS_ARGUMENT = "ids"
DEFAULT_PAGE_SIZE = 25
"""Number of items of a page if the request does not contain a size."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a selection set: `flat`, and `per_item` for each item of the lists whose size a field above it sets."""

    flat: int = 0
    per_item: int = 0


FREE = Cost()


class CostEstimator:
    """Estimates costs for one schema. The arguments that set list sizes are collected once."""

    def __init__(self, schema: GraphQLSchema, max_page_size: int) -> None:
        self.schema = schema
        self.max_page_size = max_page_size
        self._size_arguments = {
            (owner.name, name): [*_find_size_arguments(field)]
            for owner in schema.type_map.values()
            if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
            for name, field in owner.fields.items()
        }
        self._fields_by_ids = {
            (owner.name, name)
            for owner in schema.type_map.values()
            if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
            for name, field in owner.fields.items()
            if IDS_ARGUMENT in field.args and is_list_type(get_nullable_type(field.type))
        }

    def estimate(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None
    ) -> int:
        """Return the maximum cost of an operation of a validated document."""
        estimate = _Estimate(self, _with_defaults(operation, variables or {}))
        order = innermost_first(fragments_of(document))
        assert not isinstance(order, GraphQLError), "validated"
        for fragment in order:
            within = self.schema.get_type(fragment.type_condition.name.value)
            estimate.fragments[fragment.name.value] = estimate.selection_set(fragment.selection_set, within)
        root = self.schema.get_root_type(operation.operation)
        total = estimate.selection_set(operation.selection_set, root)
        return total.flat + total.per_item

    def page_size(self, owner: GraphQLNamedType, node: FieldNode, variables: Mapping[str, Any]) -> int | None:
        """Return the number of items of the lists whose size this field sets; None if it sets none."""
        paths = self._size_arguments[owner.name, node.name.value]
        if not paths:
            return None
        arguments = _arguments(node, variables)
        requested = [size for path in paths if (size := _as_int(_value_at(arguments, path))) is not None]
        return max(1, min(max(requested, default=DEFAULT_PAGE_SIZE), self.max_page_size))

    def id_count(self, owner: GraphQLNamedType, node: FieldNode, variables: Mapping[str, Any]) -> int | None:
        """Return the number of ids that this field looks up; None if it has no such argument."""
        if (owner.name, node.name.value) not in self._fields_by_ids:
            return None
        ids = _arguments(node, variables).get(IDS_ARGUMENT)
        return len(ids) if isinstance(ids, list) else 1


class _Estimate:
    """The estimate of one operation with its variables."""

    def __init__(self, estimator: CostEstimator, variables: Mapping[str, Any]) -> None:
        self._estimator = estimator
        self._variables = variables
        self.fragments: dict[str, Cost] = {}

    def selection_set(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> Cost:
        flat = per_item = 0
        for selection in selection_set.selections:
            one = self._selection(selection, parent)
            flat += one.flat
            per_item += one.per_item
        return Cost(flat, per_item)

    def _selection(self, selection: object, parent: GraphQLNamedType | None) -> Cost:
        match selection:
            case FieldNode():
                return self._field(selection, parent)
            case InlineFragmentNode():
                condition = selection.type_condition
                within = parent if condition is None else self._estimator.schema.get_type(condition.name.value)
                return self.selection_set(selection.selection_set, within)
            case FragmentSpreadNode():
                return self.fragments.get(selection.name.value, FREE)
        return FREE

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> Cost:
        name = node.name.value
        if name == "__typename":
            return FREE
        if name.startswith("__") or not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return Cost(flat=1)
        type_ = parent.fields[name].type
        inner = self.selection_set(node.selection_set, get_named_type(type_)) if node.selection_set else FREE
        if (id_count := self._estimator.id_count(parent, node, self._variables)) is not None:
            return Cost(1 + id_count * max(1, inner.flat + inner.per_item))
        size = self._estimator.page_size(parent, node, self._variables)
        # A list whose size a field above sets costs 1, and its selections once for each item.
        if is_list_type(get_nullable_type(type_)):
            item = inner.flat + inner.per_item
            return Cost(1, item) if size is None else Cost(1 + size * item)
        return Cost(1 + inner.flat, inner.per_item) if size is None else Cost(1 + inner.flat + size * inner.per_item)


def _find_size_arguments(field: GraphQLField) -> Iterator[tuple[str, ...]]:
    """Yield the path of each argument of `field` that sets a list size.

    A path is the name of an argument, or the names of an input object and of its field.
    """
    for name, argument in field.args.items():
        if name in SIZE_ARGUMENTS:
            yield (name,)
        elif isinstance(type_ := get_named_type(argument.type), GraphQLInputObjectType):
            yield from ((name, inner) for inner in type_.fields if inner in SIZE_ARGUMENTS)


def _arguments(node: FieldNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {
        argument.name.value: value_from_ast_untyped(argument.value, dict(variables))
        for argument in node.arguments or ()
    }


def _as_int(size: object) -> int | None:
    """Return the integer to which GraphQL coerces a variable of type `Int`, such as 100 for 100.0; None for other values."""
    if isinstance(size, float) and size.is_integer():
        return int(size)
    return size if isinstance(size, int) else None


def _with_defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    return {**defaults, **variables}


def _value_at(arguments: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        arguments = arguments.get(step) if isinstance(arguments, dict) else None
    return arguments
