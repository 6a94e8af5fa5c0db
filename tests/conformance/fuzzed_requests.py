"""Requests for fuzzing: schemathesis generates the operations; existing ids, variables and files are added here."""

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

from records.ids import ChunkId, CollectionId, DocumentId, GroupId, MessageId, ModelId, SessionId, UserId
from schema.common import global_ids

FILE = "file"
IDS = (
    *(global_ids.DOCUMENT.encode(DocumentId(key)) for key in (1, 2, 9)),
    *(global_ids.CHUNK.encode(ChunkId(key)) for key in (1, 3, 9)),
    *(global_ids.SESSION.encode(SessionId(key)) for key in (1, 9)),
    *(global_ids.MESSAGE.encode(MessageId(key)) for key in (1, 2, 9)),
    *(global_ids.MODEL.encode(ModelId(key)) for key in ("0123456789abcdef", "fedcba9876543210", "0" * 16)),
    global_ids.PROVIDER.encode("local"),
    *(global_ids.USER.encode(UserId(key)) for key in (1, 9)),
    *(global_ids.GROUP.encode(GroupId(key)) for key in (1, 9)),
    *(global_ids.COLLECTION.encode(CollectionId(key)) for key in (1, 9)),
)
"""Ids of the complete records, and ids of unknown records."""

FILES: st.SearchStrategy[ValueNode] = st.just(VariableNode(name=NameNode(value=FILE)))
ANY_JSON: st.SearchStrategy[ValueNode] = st.recursive(
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
class Request:
    """A GraphQL request; `uploads` states whether it has a file."""

    query: str
    variables: dict[str, Any]
    uploads: bool

    def send(self, client: httpx.Client, content: bytes) -> httpx.Response:
        headers = {"Accept": "application/graphql-response+json"}
        body = {"query": self.query, "variables": self.variables}
        if not self.uploads:
            return client.post("/graphql", json=body, headers=headers)
        fields = {"operations": json.dumps(body), "map": json.dumps({"0": [f"variables.{FILE}"]})}
        headers["GraphQL-Require-Preflight"] = "1"
        return client.post("/graphql", data=fields, files={"0": ("fuzz.txt", content)}, headers=headers)


class UseKnownIds(Visitor):
    """Replaces some generated ids by ids of records, and reduces `@oneOf` inputs to one field."""

    def __init__(self, types: TypeInfo, choose: Choose) -> None:
        super().__init__()
        self._types = types
        self._choose = choose

    def enter_string_value(self, node: StringValueNode, *_: Any) -> ValueNode | None:
        return self._known_id(node)

    def enter_int_value(self, node: ValueNode, *_: Any) -> ValueNode | None:
        return self._known_id(node)

    def enter_object_value(self, node: ObjectValueNode, *_: Any) -> ObjectValueNode | None:
        """Set exactly one field of a `@oneOf` input, not null: schemathesis does not support the directive."""
        kind = get_named_type(self._types.get_input_type()) if self._types.get_input_type() else None
        if not isinstance(kind, GraphQLInputObjectType) or not kind.is_one_of:
            return None
        name = self._choose(st.sampled_from(sorted(kind.fields)))
        value = self._choose(st.text(max_size=20).map(nodes.String))
        return ObjectValueNode(fields=(ObjectFieldNode(name=NameNode(value=name), value=value),))

    def _known_id(self, node: ValueNode) -> ValueNode | None:
        kind = self._types.get_input_type()
        if kind is None or get_named_type(kind) is not GraphQLID:
            return None
        chosen: ValueNode = self._choose(st.one_of(st.sampled_from(IDS).map(nodes.String), st.just(node)))
        return chosen


class MoveToVariables(Visitor):
    """Replaces some arguments by variables and collects their values and types; `choose` draws which ones."""

    def __init__(self, types: TypeInfo, choose: Choose) -> None:
        super().__init__()
        self._types = types
        self._choose = choose
        self.values: dict[str, Any] = {}
        self.declared: list[VariableDefinitionNode] = []

    def enter_argument(self, node: ArgumentNode, *_: Any) -> ArgumentNode | None:
        kind = self._types.get_input_type()
        if isinstance(node.value, VariableNode) or f"${FILE}" in print_ast(node) or not self._choose(st.booleans()):
            return None
        name = f"v{len(self.values)}"
        self.values[name] = value_from_ast_untyped(node.value)
        return ArgumentNode(name=node.name, value=self.declare(name, str(kind)))

    def declare(self, name: str, type_name: str) -> VariableNode:
        variable = VariableNode(name=NameNode(value=name))
        self.declared.append(VariableDefinitionNode(variable=variable, type=parse_type(type_name), directives=()))
        return variable


def make_request(document: DocumentNode, schema: GraphQLSchema, choose: Choose) -> Request:
    """Return a request with the operation of `document`; `choose` draws ids and variables."""
    types = TypeInfo(schema)
    with_ids = visit(document, TypeInfoVisitor(types, UseKnownIds(types, choose)))
    variables = MoveToVariables(types, choose)
    with_variables: DocumentNode = visit(with_ids, TypeInfoVisitor(types, variables))
    uploads = f"${FILE}" in print_ast(with_variables)
    if uploads:
        variables.declare(FILE, "Upload!")
        variables.values[FILE] = None
    (operation,) = with_variables.definitions
    assert isinstance(operation, OperationDefinitionNode)
    named = OperationDefinitionNode(
        operation=operation.operation,
        name=NameNode(value="Fuzz"),
        variable_definitions=tuple(variables.declared),
        directives=operation.directives,
        selection_set=operation.selection_set,
    )
    return Request(print_ast(named), variables.values, uploads)
