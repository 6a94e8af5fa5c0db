"""Sessions in GraphQL: create, update, list, delete."""

from dataclasses import replace
from typing import Any

import pytest

from records.errors import InvalidInput
from records.ids import DocumentId, MessageId, ModelId
from records.session import DocumentScope, MessageStatus, SamplingSettings, SessionSettings
from schema.common import global_ids
from tests.schema.conftest import InMemoryGraph
from tests.support.builders import make_message

ONE = global_ids.encode("Session", 1)
MODEL = global_ids.MODEL.encode(ModelId("0123456789abcdef"))


async def test_a_session_is_created_with_its_documents_and_settings(graph: InMemoryGraph) -> None:
    result = await graph.mutate(
        "createSession",
        {
            "name": "Torque",
            "documentIds": [global_ids.DOCUMENT.encode(DocumentId(2))],
            "settings": {"modelId": MODEL, "thinkingMode": "RAG", "topK": 500, "sampling": {"seed": 1, "stop": ["x"]}},
        },
        """... on CreateSessionSuccess { session { name settings { modelId thinkingMode topK documentScope
           sampling { seed stop temperature } } } }""",
    )
    assert result["session"] == {
        "name": "Torque",
        "settings": {
            "modelId": MODEL,
            "thinkingMode": "RAG",
            "topK": 100,
            "documentScope": None,
            "sampling": {"seed": 1, "stop": ["x"], "temperature": None},
        },
    }
    assert graph.sessions.attached == (2,)


async def test_a_session_without_a_name_gets_a_default_name(graph: InMemoryGraph) -> None:
    result = await graph.mutate("createSession", {}, "... on CreateSessionSuccess { session { name } }")
    assert result["session"]["name"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"name": None}, ["input", "name"]),
        ({"name": " "}, ["input", "name"]),
        ({"name": "x" * 301}, ["input", "name"]),
        ({"documentIds": None}, ["input", "documentIds"]),
        ({"settings": None}, ["input", "settings"]),
        ({"settings": {"minSimilarity": 2}}, ["input", "settings", "minSimilarity"]),
        ({"settings": {"historyPairs": -1}}, ["input", "settings", "historyPairs"]),
        ({"settings": {"systemPrompt": "x" * 20_001}}, ["input", "settings", "systemPrompt"]),
    ],
)
@pytest.mark.parametrize("mutation", ["createSession", "updateSession"])
async def test_an_invalid_session_is_rejected(
    graph: InMemoryGraph, mutation: str, fields: dict[str, Any], path: list[str]
) -> None:
    which = {"id": ONE} if mutation == "updateSession" else {}
    result = await graph.mutate(mutation, {**which, **fields})
    assert (result["__typename"], result["path"]) == ("InvalidInputError", path)


async def test_a_setting_that_the_model_rejects_is_invalid(graph: InMemoryGraph) -> None:
    graph.models.failure = InvalidInput("temperature is 0 to 2.", field="settings.sampling.temperature")
    result = await graph.mutate("updateSession", {"id": ONE, "settings": {"sampling": {"temperature": 9}}})
    assert result["__typename"] == "InvalidInputError"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"documentIds": ["x"]}, ["input", "documentIds", "0"]),
        ({"settings": {"modelId": ONE}}, ["input", "settings", "modelId"]),
        (
            {"settings": {"modelId": global_ids.MODEL.encode(ModelId("ffffffffffffffff"))}},
            ["input", "settings", "modelId"],
        ),
    ],
)
async def test_an_unknown_document_or_model_is_not_found(
    graph: InMemoryGraph, fields: dict[str, Any], path: list[str]
) -> None:
    result = await graph.mutate("createSession", fields)
    assert (result["__typename"], result["path"]) == ("NotFoundError", path)


async def test_an_update_keeps_omitted_fields_and_null_restores_inheritance(graph: InMemoryGraph) -> None:
    settings = SessionSettings(
        system_prompt="Be brief.", document_scope=DocumentScope.ALL, sampling=SamplingSettings(seed=1, top_k=3)
    )
    graph.sessions.put(replace(next(iter(graph.sessions.rows.values())), settings=settings))
    result = await graph.mutate(
        "updateSession",
        {"id": ONE, "archived": True, "settings": {"systemPrompt": None, "sampling": {"topK": None}, "topK": 0}},
        """... on UpdateSessionSuccess { session { name archived
           settings { systemPrompt documentScope topK sampling { seed topK } } } }""",
    )
    assert result["session"] == {
        "name": "Bolts",
        "archived": True,
        "settings": {"systemPrompt": None, "documentScope": "ALL", "topK": 1, "sampling": {"seed": 1, "topK": None}},
    }


async def test_effective_settings_are_returned_beside_the_stored_ones(graph: InMemoryGraph) -> None:
    fields = "{ topK thinkingMode }"
    found = await graph.execute(f'{{ session(id: "{ONE}") {{ settings {fields} effectiveSettings {fields} }} }}')
    assert found["session"]["settings"]["topK"] is None
    assert found["session"]["effectiveSettings"]["topK"] == 5


async def test_deleting_a_session_cancels_its_answer_first(graph: InMemoryGraph) -> None:
    graph.messages.put(make_message(id=MessageId(2), status=MessageStatus.GENERATING))
    result = await graph.mutate(
        "deleteSession", {"id": ONE}, "... on DeleteSessionSuccess { deletedId receipt { messages } }"
    )
    assert (result["deletedId"], result["receipt"]) == (ONE, {"messages": 2})
    assert graph.messages.rows[MessageId(2)].status is MessageStatus.CANCELED


@pytest.mark.parametrize("mutation", ["updateSession", "deleteSession"])
async def test_an_unknown_session_is_not_found(graph: InMemoryGraph, mutation: str) -> None:
    unknown = global_ids.encode("Session", 99)
    result = await graph.mutate(mutation, {"id": unknown})
    assert (result["__typename"], result["missingId"]) == ("NotFoundError", unknown)


@pytest.mark.parametrize(
    ("query", "order"), [("bolts", "RELEVANCE"), ("", "LAST_MESSAGE_AT"), (None, "LAST_MESSAGE_AT")]
)
async def test_sessions_are_ordered_by_relevance_where_there_is_a_query(
    graph: InMemoryGraph, query: str | None, order: str
) -> None:
    await graph.execute("query ($q: String) { sessions(filter: {query: $q}) { nodes { id } } }", q=query)
    assert graph.sessions.page_arguments[1].field == order


async def test_a_date_without_a_time_zone_is_rejected(graph: InMemoryGraph) -> None:
    filtered = 'sessions(filter: {{updatedAfter: "{}"}}) {{ nodes {{ createdAt }} }}'
    assert await graph.errors("{ " + filtered.format("2026-11-21T12:00:00") + " }")
    found = await graph.execute("{ " + filtered.format("2026-11-21T13:00:00+01:00") + " }")
    assert found["sessions"]["nodes"] == [{"createdAt": "2026-11-21T12:00:00Z"}]
    assert graph.sessions.page_arguments[0].updated_after.hour == 12
