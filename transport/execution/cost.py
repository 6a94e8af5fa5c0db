"""What an operation may cost at most: its fields, those inside lists once for each item that may come.

`first`, `last` and `topK` say how many items the nearest lists below them bring: `books(first: 50) { nodes { name } }` costs
1 + 1 + 50. `ids` bring as many as there are of them, each at 1 at least. Variables count with the values that they have, so
this is reckoned for each request, by one walk in which every fragment is seen once.
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

from transport.execution.limits import fragments_of, innermost_first

SIZING = ("first", "last", "topK")
NAMING = "ids"
DEFAULT_PAGE = 25
"""Items of a page where its size is not given."""


@dataclass(frozen=True, slots=True)
class Cost:
    """`listed` is what is paid once for each item of a list whose size an outer field gives; `flat` is paid once."""

    flat: int = 0
    listed: int = 0


FREE = Cost()


class CostReckoner:
    """Knows of every field of a schema whether its arguments size lists; made once."""

    def __init__(self, schema: GraphQLSchema, max_page_size: int) -> None:
        self.schema = schema
        self.max_page_size = max_page_size
        self._sized = {
            (owner.name, name): [*_sizing_arguments(field)]
            for owner in schema.type_map.values()
            if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
            for name, field in owner.fields.items()
        }
        self._named = {
            (owner.name, name)
            for owner in schema.type_map.values()
            if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
            for name, field in owner.fields.items()
            if NAMING in field.args and is_list_type(get_nullable_type(field.type))
        }

    def cost(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None
    ) -> int:
        """For a validated document."""
        reckoning = _Reckoning(self, _with_defaults(operation, variables or {}))
        order = innermost_first(fragments_of(document))
        assert not isinstance(order, GraphQLError), "validated"
        for fragment in order:
            within = self.schema.get_type(fragment.type_condition.name.value)
            reckoning.fragments[fragment.name.value] = reckoning.selected(fragment.selection_set, within)
        root = self.schema.get_root_type(operation.operation)
        total = reckoning.selected(operation.selection_set, root)
        return total.flat + total.listed

    def page_size(self, owner: GraphQLNamedType, node: FieldNode, variables: Mapping[str, Any]) -> int | None:
        """The items of the lists that this field sizes; None where it sizes none."""
        sizing = self._sized[owner.name, node.name.value]
        if not sizing:
            return None
        given = _given(node, variables)
        asked = [size for path in sizing if (size := _whole(_at(given, path))) is not None]
        return max(1, min(max(asked, default=DEFAULT_PAGE), self.max_page_size))

    def named(self, owner: GraphQLNamedType, node: FieldNode, variables: Mapping[str, Any]) -> int | None:
        """The items that this field is to look up by their ids; None where it takes no ids."""
        if (owner.name, node.name.value) not in self._named:
            return None
        ids = _given(node, variables).get(NAMING)
        return len(ids) if isinstance(ids, list) else 1


class _Reckoning:
    """One operation with its variables."""

    def __init__(self, reckoner: CostReckoner, variables: Mapping[str, Any]) -> None:
        self._reckoner = reckoner
        self._variables = variables
        self.fragments: dict[str, Cost] = {}

    def selected(self, selection_set: SelectionSetNode, parent: GraphQLNamedType | None) -> Cost:
        flat = listed = 0
        for selection in selection_set.selections:
            one = self._selection(selection, parent)
            flat += one.flat
            listed += one.listed
        return Cost(flat, listed)

    def _selection(self, selection: object, parent: GraphQLNamedType | None) -> Cost:
        match selection:
            case FieldNode():
                return self._field(selection, parent)
            case InlineFragmentNode():
                condition = selection.type_condition
                within = parent if condition is None else self._reckoner.schema.get_type(condition.name.value)
                return self.selected(selection.selection_set, within)
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
        inner = self.selected(node.selection_set, get_named_type(type_)) if node.selection_set else FREE
        if (named := self._reckoner.named(parent, node, self._variables)) is not None:
            return Cost(1 + named * max(1, inner.flat + inner.listed))
        size = self._reckoner.page_size(parent, node, self._variables)
        # A list that an outer field sizes is itself resolved once, and its items once each.
        if is_list_type(get_nullable_type(type_)):
            items = inner.flat + inner.listed
            return Cost(1, items) if size is None else Cost(1 + size * items)
        return Cost(1 + inner.flat, inner.listed) if size is None else Cost(1 + inner.flat + size * inner.listed)


def _sizing_arguments(field: GraphQLField) -> Iterator[tuple[str, ...]]:
    """Paths to what sizes lists: an argument, or a field of an input object that is one."""
    for name, argument in field.args.items():
        if name in SIZING:
            yield (name,)
        elif isinstance(type_ := get_named_type(argument.type), GraphQLInputObjectType):
            yield from ((name, inner) for inner in type_.fields if inner in SIZING)


def _given(node: FieldNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {
        argument.name.value: value_from_ast_untyped(argument.value, dict(variables))
        for argument in node.arguments or ()
    }


def _whole(size: object) -> int | None:
    """As GraphQL reads an `Int` of a variable, which JSON may write as 100.0."""
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


def _at(given: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        given = given.get(step) if isinstance(given, dict) else None
    return given
