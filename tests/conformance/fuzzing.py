"""Operations for fuzzing: schemathesis writes them, and here they get ids that exist, variables, and a file to upload."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from graphql import (
    ArgumentNode,
    DocumentNode,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLSchema,
    NameNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    parse_type,
    print_ast,
    value_from_ast_untyped,
    visit,
)
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from records.ids import ChunkId, DocumentId, MessageId, ModelId, SessionId
from schema.common import global_ids

FILE = "file"
IDS = (
    *(global_ids.DOCUMENT.encode(DocumentId(key)) for key in (1, 2, 9)),
    *(global_ids.CHUNK.encode(ChunkId(key)) for key in (1, 3, 9)),
    *(global_ids.SESSION.encode(SessionId(key)) for key in (1, 9)),
    *(global_ids.MESSAGE.encode(MessageId(key)) for key in (1, 2, 9)),
    *(global_ids.MODEL.encode(ModelId(key)) for key in ("0123456789abcdef", "fedcba9876543210", "0" * 16)),
    global_ids.PROVIDER.encode("local"),
)
"""Of full records, and of such as are not there."""

FILES: st.SearchStrategy[ValueNode] = st.just(VariableNode(name=NameNode(value=FILE)))
OPEN_DATA: st.SearchStrategy[ValueNode] = st.recursive(
    st.one_of(
        st.just(nodes.Null),
        st.booleans().map(nodes.Boolean),
        st.integers().map(nodes.Int),
        st.floats(allow_nan=False, allow_infinity=False).map(nodes.Float),
        st.text().map(nodes.String),
    ),
    lambda inner: st.lists(inner, max_size=3).map(nodes.List),
    max_leaves=8,
)
Choose = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """One request, as it is sent. `uploads` says whether it brings a file."""

    query: str
    variables: dict[str, Any]
    uploads: bool

    def by(self, client: httpx.Client, content: bytes) -> httpx.Response:
        headers = {"Accept": "application/graphql-response+json"}
        body = {"query": self.query, "variables": self.variables}
        if not self.uploads:
            return client.post("/graphql", json=body, headers=headers)
        fields = {"operations": json.dumps(body), "map": json.dumps({"0": [f"variables.{FILE}"]})}
        headers["GraphQL-Require-Preflight"] = "1"
        return client.post("/graphql", data=fields, files={"0": ("fuzz.txt", content)}, headers=headers)


class AsServed(Visitor):
    """Puts an id of a record in the place of some that were made up, and one field into inputs that take one."""

    def __init__(self, types: TypeInfo, choose: Choose) -> None:
        super().__init__()
        self._types = types
        self._choose = choose

    def enter_string_value(self, node: StringValueNode, *_: Any) -> ValueNode | None:
        return self._known(node)

    def enter_int_value(self, node: ValueNode, *_: Any) -> ValueNode | None:
        return self._known(node)

    def enter_object_value(self, node: ObjectValueNode, *_: Any) -> ObjectValueNode | None:
        """schemathesis does not know `@oneOf`: exactly one field of such an input is given, and it is not null."""
        asked = get_named_type(self._types.get_input_type()) if self._types.get_input_type() else None
        if not isinstance(asked, GraphQLInputObjectType) or not asked.is_one_of:
            return None
        name = self._choose(st.sampled_from(sorted(asked.fields)))
        value = self._choose(st.text(max_size=20).map(nodes.String))
        return ObjectValueNode(fields=(ObjectFieldNode(name=NameNode(value=name), value=value),))

    def _known(self, node: ValueNode) -> ValueNode | None:
        asked = self._types.get_input_type()
        if asked is None or get_named_type(asked) is not GraphQLID:
            return None
        chosen: ValueNode = self._choose(st.one_of(st.sampled_from(IDS).map(nodes.String), st.just(node)))
        return chosen


class WithVariables(Visitor):
    """Takes whole arguments out of the operation, where `choose` says so, and keeps their values and types."""

    def __init__(self, types: TypeInfo, choose: Choose) -> None:
        super().__init__()
        self._types = types
        self._choose = choose
        self.values: dict[str, Any] = {}
        self.declared: list[VariableDefinitionNode] = []

    def enter_argument(self, node: ArgumentNode, *_: Any) -> ArgumentNode | None:
        asked = self._types.get_input_type()
        if isinstance(node.value, VariableNode) or f"${FILE}" in print_ast(node) or not self._choose(st.booleans()):
            return None
        name = f"v{len(self.values)}"
        self.values[name] = value_from_ast_untyped(node.value)
        return ArgumentNode(name=node.name, value=self.declare(name, str(asked)))

    def declare(self, name: str, type_name: str) -> VariableNode:
        variable = VariableNode(name=NameNode(value=name))
        self.declared.append(VariableDefinitionNode(variable=variable, type=parse_type(type_name), directives=()))
        return variable


def compose(document: DocumentNode, schema: GraphQLSchema, choose: Choose) -> Sent:
    """The request that asks for `document`; `choose` draws what is left open."""
    types = TypeInfo(schema)
    served = visit(document, TypeInfoVisitor(types, AsServed(types, choose)))
    outside = WithVariables(types, choose)
    lifted: DocumentNode = visit(served, TypeInfoVisitor(types, outside))
    uploads = f"${FILE}" in print_ast(lifted)
    if uploads:
        outside.declare(FILE, "Upload!")
        outside.values[FILE] = None
    (operation,) = lifted.definitions
    assert isinstance(operation, OperationDefinitionNode)
    named = OperationDefinitionNode(
        operation=operation.operation,
        name=NameNode(value="Fuzz"),
        variable_definitions=tuple(outside.declared),
        directives=operation.directives,
        selection_set=operation.selection_set,
    )
    return Sent(print_ast(named), outside.values, uploads)
