"""Every field that is served can be asked for, on full records: types and records never drift apart."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
)

from records.codes import ErrorCode
from records.document import DocumentStatus, ExtractionCoverage, IngestionError
from records.ids import DocumentId, MessageId, ModelId
from records.model import LoadSettings, LoadStage, ModelError
from records.session import MessageError, SamplingSettings, SessionSettings
from schema import ids
from tests.builders import make_document, make_message, make_model
from tests.schema.conftest import Graph
from tests.schema.samples import CITATION, GENERATION, HIT

DEPTH = 4


def selection(kind: Any, depth: int) -> str:
    """Everything of a type down to a depth; of unions and interfaces, every member."""
    kind = get_named_type(kind)
    if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
        return ""
    if isinstance(kind, GraphQLUnionType):
        return "{ __typename " + " ".join(f"... on {m.name} {selection(m, depth)}" for m in kind.types) + " }"
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    fields = [
        f"{name} {selection(field.type, depth - 1)}" for name, field in kind.fields.items() if asked(field, depth)
    ]
    return "{ __typename " + " ".join(fields) + " }"


def asked(field: GraphQLField, depth: int) -> bool:
    leaf = isinstance(get_named_type(field.type), GraphQLScalarType | GraphQLEnumType)
    return (leaf or depth > 1) and not any(is_required_argument(argument) for argument in field.args.values())


@pytest.fixture
def full(graph: Graph) -> Graph:
    """Every nullable part is there."""
    load = LoadSettings(2048, 0, 2, 512, 1, True, "f16", "f16", True, False, 0, "CPU")
    graph.documents.put(
        make_document(
            coverage=ExtractionCoverage(3, 2, 0, 1, 0, ("Page 3 has no text.",)),
            error=IngestionError(DocumentStatus.PARSING, ErrorCode.NO_TEXT, "No text.", False),
            metadata={"owner": ["me"]},
        )
    )
    graph.documents.put(make_document(id=DocumentId(2), has_original=False))
    graph.messages.put(
        make_message(
            id=MessageId(2),
            parent_id=MessageId(1),
            citations=(CITATION, replace(CITATION, marker=2, document_id=None, chunk_id=None)),
            generation=GENERATION,
            error=MessageError(ErrorCode.INTERRUPTED, "The server ended."),
            model_id=ModelId("0123456789abcdef"),
        )
    )
    graph.sessions.rows = {
        key: replace(
            session,
            model_id=ModelId("0123456789abcdef"),
            settings=SessionSettings(model_id=ModelId("0123456789abcdef"), sampling=SamplingSettings(seed=1)),
        )
        for key, session in graph.sessions.rows.items()
    }
    broken = make_model(
        id=ModelId("fedcba9876543210"),
        facts=None,
        error=ModelError(ErrorCode.TRUNCATED, "Ends early.", "Fetch it again."),
        stage=LoadStage.INSPECTING,
        pending_load_settings=load,
        is_default=False,
    )
    graph.models.rows[broken.id] = broken
    graph.retriever.hits = (HIT,)
    return graph


ROOTS = {
    "node": f'(id: "{ids.DOCUMENT.of(DocumentId(1))}")',
    "nodes": f'(ids: ["{ids.MESSAGE.of(MessageId(2))}", "nothing"])',
    "document": f'(id: "{ids.DOCUMENT.of(DocumentId(1))}")',
    "chunk": '(id: "Q2h1bms6MQ")',
    "session": '(id: "U2Vzc2lvbjox")',
    "message": f'(id: "{ids.MESSAGE.of(MessageId(2))}")',
    "model": f'(id: "{ids.MODEL.of(ModelId("0123456789abcdef"))}")',
    "search": '(input: {query: "bolt"})',
}


def roots(schema: GraphQLSchema) -> list[tuple[str, GraphQLField]]:
    assert schema.query_type is not None
    return list(schema.query_type.fields.items())


async def test_every_field_of_every_query_answers(full: Graph) -> None:
    for name, field in roots(full.schema._schema):
        found = (await full.run(f"{{ {name}{ROOTS.get(name, '')} {selection(field.type, DEPTH)} }}"))[name]
        assert found not in (None, []), name


async def test_lists_of_nodes_keep_the_order_and_have_null_for_what_is_not_there(full: Graph) -> None:
    found = await full.run(f"{{ nodes{ROOTS['nodes']} {{ __typename id }} }}")
    assert found["nodes"] == [{"__typename": "Message", "id": ids.MESSAGE.of(MessageId(2))}, None]
