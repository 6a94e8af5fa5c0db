"""Sessions in GraphQL: begun, changed, erased."""

from dataclasses import replace
from typing import Any

import pytest

from records.errors import InvalidInput
from records.ids import DocumentId, MessageId, ModelId
from records.session import DocumentScope, MessageStatus, SamplingSettings, SessionSettings
from schema import ids
from tests.schema.conftest import Graph
from tests.support.builders import make_message

ONE = ids.to_global("Session", 1)
MODEL = ids.MODEL.of(ModelId("0123456789abcdef"))


async def test_a_session_begins_with_its_documents_and_settings(graph: Graph) -> None:
    answered = await graph.change(
        "createSession",
        {
            "name": "Torque",
            "documentIds": [ids.DOCUMENT.of(DocumentId(2))],
            "settings": {"modelId": MODEL, "thinkingMode": "RAG", "topK": 500, "sampling": {"seed": 1, "stop": ["x"]}},
        },
        """... on CreateSessionSuccess { session { name settings { modelId thinkingMode topK documentScope
           sampling { seed stop temperature } } } }""",
    )
    assert answered["session"] == {
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


async def test_a_session_without_a_name_is_given_one(graph: Graph) -> None:
    answered = await graph.change("createSession", {}, "... on CreateSessionSuccess { session { name } }")
    assert answered["session"]["name"]


@pytest.mark.parametrize(
    ("given", "path"),
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
async def test_what_makes_no_sense_is_invalid(
    graph: Graph, mutation: str, given: dict[str, Any], path: list[str]
) -> None:
    which = {"id": ONE} if mutation == "updateSession" else {}
    answered = await graph.change(mutation, {**which, **given})
    assert (answered["__typename"], answered["path"]) == ("InvalidInputError", path)


async def test_a_setting_that_the_model_does_not_take_is_invalid(graph: Graph) -> None:
    graph.models.refusal = InvalidInput("temperature is 0 to 2.", field="settings.sampling.temperature")
    answered = await graph.change("updateSession", {"id": ONE, "settings": {"sampling": {"temperature": 9}}})
    assert answered["__typename"] == "InvalidInputError"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"documentIds": ["x"]}, ["input", "documentIds", "0"]),
        ({"settings": {"modelId": ONE}}, ["input", "settings", "modelId"]),
        ({"settings": {"modelId": ids.MODEL.of(ModelId("ffffffffffffffff"))}}, ["input", "settings", "modelId"]),
    ],
)
async def test_what_is_named_must_be_there(graph: Graph, given: dict[str, Any], path: list[str]) -> None:
    answered = await graph.change("createSession", given)
    assert (answered["__typename"], answered["path"]) == ("NotFoundError", path)


async def test_an_update_leaves_the_rest_and_null_inherits_again(graph: Graph) -> None:
    settings = SessionSettings(
        system_prompt="Be brief.", document_scope=DocumentScope.ALL, sampling=SamplingSettings(seed=1, top_k=3)
    )
    graph.sessions.put(replace(next(iter(graph.sessions.rows.values())), settings=settings))
    answered = await graph.change(
        "updateSession",
        {"id": ONE, "archived": True, "settings": {"systemPrompt": None, "sampling": {"topK": None}, "topK": 0}},
        """... on UpdateSessionSuccess { session { name archived
           settings { systemPrompt documentScope topK sampling { seed topK } } } }""",
    )
    assert answered["session"] == {
        "name": "Bolts",
        "archived": True,
        "settings": {"systemPrompt": None, "documentScope": "ALL", "topK": 1, "sampling": {"seed": 1, "topK": None}},
    }


async def test_what_answers_are_made_with_is_told_beside_what_was_set(graph: Graph) -> None:
    fields = "{ topK thinkingMode }"
    found = await graph.run(f'{{ session(id: "{ONE}") {{ settings {fields} effectiveSettings {fields} }} }}')
    assert found["session"]["settings"]["topK"] is None
    assert found["session"]["effectiveSettings"]["topK"] == 5


async def test_erasing_a_session_stops_its_answer_first(graph: Graph) -> None:
    graph.messages.put(make_message(id=MessageId(2), status=MessageStatus.GENERATING))
    answered = await graph.change(
        "deleteSession", {"id": ONE}, "... on DeleteSessionSuccess { deletedId receipt { messages } }"
    )
    assert (answered["deletedId"], answered["receipt"]) == (ONE, {"messages": 2})
    assert graph.messages.rows[MessageId(2)].status is MessageStatus.CANCELED


@pytest.mark.parametrize("mutation", ["updateSession", "deleteSession"])
async def test_an_unknown_session_is_not_found(graph: Graph, mutation: str) -> None:
    unknown = ids.to_global("Session", 99)
    answered = await graph.change(mutation, {"id": unknown})
    assert (answered["__typename"], answered["missingId"]) == ("NotFoundError", unknown)


@pytest.mark.parametrize(
    ("query", "order"), [("bolts", "RELEVANCE"), ("", "LAST_MESSAGE_AT"), (None, "LAST_MESSAGE_AT")]
)
async def test_sessions_that_are_looked_for_come_best_first(graph: Graph, query: str | None, order: str) -> None:
    await graph.run("query ($q: String) { sessions(filter: {query: $q}) { nodes { id } } }", q=query)
    assert graph.sessions.asked[1].field == order


async def test_a_moment_without_a_zone_is_refused(graph: Graph) -> None:
    filtered = 'sessions(filter: {{updatedAfter: "{}"}}) {{ nodes {{ createdAt }} }}'
    assert await graph.errors("{ " + filtered.format("2026-11-21T12:00:00") + " }")
    found = await graph.run("{ " + filtered.format("2026-11-21T13:00:00+01:00") + " }")
    assert found["sessions"]["nodes"] == [{"createdAt": "2026-11-21T12:00:00Z"}]
    assert graph.sessions.asked[0].updated_after.hour == 12
