"""Prompts and answers in GraphQL: sent, stopped, rated, deleted."""

from typing import Any

import pytest

from records.errors import Busy, Conflict, ModelNotReady
from records.ids import DocumentId, MessageId, ModelId, SessionId
from records.model import ModelStatus
from records.session import SamplingSettings, ThinkingMode
from schema import ids
from tests.schema.conftest import Graph

SESSION = ids.to_global("Session", 1)
PROMPT, ANSWER = ids.MESSAGE.of(MessageId(1)), ids.MESSAGE.of(MessageId(2))


async def test_a_prompt_gives_itself_and_its_answer_at_once(graph: Graph) -> None:
    answered = await graph.change(
        "sendMessage",
        {
            "sessionId": SESSION,
            "content": "How tight?",
            "thinkingMode": "DIRECT",
            "documentIds": [ids.DOCUMENT.of(DocumentId(1))],
            "sampling": {"maxTokens": 20, "temperature": None, "stop": ["."]},
            "idempotencyKey": "k1",
        },
        "... on SendMessageSuccess { prompt { content } answer { status session { id } } }",
    )
    assert answered["prompt"] == {"content": "How tight?"}
    assert answered["answer"] == {"status": "PENDING", "session": {"id": SESSION}}
    assert graph.answers.asked == {
        "session_id": 1,
        "content": "How tight?",
        "thinking_mode": ThinkingMode.DIRECT,
        "document_ids": (1,),
        "sampling": SamplingSettings(max_tokens=20, stop=(".",)),
        "idempotency_key": "k1",
    }


async def test_what_is_left_out_or_null_is_the_sessions(graph: Graph) -> None:
    await graph.change("sendMessage", {"sessionId": SESSION, "content": "Hi", "documentIds": None, "sampling": None})
    asked = graph.answers.asked
    assert (asked["thinking_mode"], asked["document_ids"], asked["sampling"]) == (None, None, None)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"content": ""}, ["input", "content"]),
        ({"content": " \n\t"}, ["input", "content"]),
        ({"content": "x" * 100_001}, ["input", "content"]),
        ({"content": "a\x00b"}, ["input", "content"]),
        ({"content": "Hi", "idempotencyKey": ""}, ["input", "idempotencyKey"]),
        ({"content": "Hi", "idempotencyKey": "x" * 201}, ["input", "idempotencyKey"]),
    ],
)
async def test_a_prompt_that_makes_no_sense_is_invalid(graph: Graph, given: dict[str, Any], path: list[str]) -> None:
    answered = await graph.change("sendMessage", {"sessionId": SESSION, **given})
    assert (answered["__typename"], answered["path"]) == ("InvalidInputError", path)
    assert graph.answers.asked == {}


MODEL = ModelId("0123456789abcdef")


@pytest.mark.parametrize(
    ("refusal", "member"),
    [
        (Conflict("It is answering."), {"__typename": "ConflictError"}),
        (Busy("Full.", queue_depth=3, retry_after_ms=500), {"__typename": "BusyError", "queueDepth": 3}),
        (
            ModelNotReady("Not loaded.", MODEL, ModelStatus.FAILED),
            {"__typename": "ModelNotReadyError", "modelId": ids.MODEL.of(MODEL), "modelStatus": "FAILED"},
        ),
        (
            ModelNotReady("There is none.", None, ModelStatus.UNLOADED),
            {"__typename": "ModelNotReadyError", "modelId": None, "modelStatus": "UNLOADED"},
        ),
    ],
)
async def test_why_nothing_was_asked_is_data(graph: Graph, refusal: Exception, member: dict[str, Any]) -> None:
    graph.answers.refusal = refusal
    fields = "... on BusyError { queueDepth } ... on ModelNotReadyError { modelId modelStatus }"
    answered = await graph.change("sendMessage", {"sessionId": SESSION, "content": "Hi"}, fields)
    assert answered.items() >= member.items()
    assert answered["code"] == refusal.code  # type: ignore[attr-defined]


async def test_a_canceled_answer_comes_back_canceled(graph: Graph) -> None:
    fields = "... on CancelGenerationSuccess { answer { id status } }"
    answered = await graph.change("cancelGeneration", {"messageId": ANSWER}, fields)
    assert answered["answer"] == {"id": ANSWER, "status": "CANCELED"}


async def test_an_answer_is_rated_and_the_rating_taken_back(graph: Graph) -> None:
    fields = "... on RateMessageSuccess { answer { rating } }"
    cases: list[tuple[dict[str, Any], str | None]] = [({"rating": "UP"}, "UP"), ({}, "UP"), ({"rating": None}, None)]
    for given, rating in cases:
        answered = await graph.change("rateMessage", {"id": ANSWER, **given}, fields)
        assert answered["answer"]["rating"] == rating


async def test_a_prompt_is_not_rated(graph: Graph) -> None:
    answered = await graph.change("rateMessage", {"id": PROMPT, "rating": "UP"})
    assert (answered["__typename"], answered["missingId"]) == ("NotFoundError", PROMPT)


async def test_deleting_a_message_is_told_to_who_watches_its_session(graph: Graph) -> None:
    async with graph.session_changes.watch(None) as changes:
        assert [(await anext(changes)).kind for _ in range(2)] == ["SNAPSHOT", "SNAPSHOT_END"]
        answered = await graph.change("deleteMessage", {"id": ANSWER}, "... on DeleteMessageSuccess { deletedIds }")
        assert answered["deletedIds"] == [ANSWER]
        assert (await anext(changes)).kind == "UPDATED"


@pytest.mark.parametrize(
    ("mutation", "key"),
    [("cancelGeneration", "messageId"), ("rateMessage", "id"), ("deleteMessage", "id"), ("sendMessage", "sessionId")],
)
async def test_what_is_not_there_is_not_found(graph: Graph, mutation: str, key: str) -> None:
    wrong = ids.DOCUMENT.of(DocumentId(1))
    more: dict[str, Any] = {"content": "Hi"} if mutation == "sendMessage" else {}
    answered = await graph.change(mutation, {key: wrong, **more})
    assert (answered["__typename"], answered["path"]) == ("NotFoundError", ["input", key])


@pytest.mark.parametrize(
    ("mutation", "key"),
    [("cancelGeneration", "messageId"), ("rateMessage", "id"), ("deleteMessage", "id"), ("sendMessage", "sessionId")],
)
async def test_what_is_gone_is_named_with_its_place_too(graph: Graph, mutation: str, key: str) -> None:
    gone = ids.SESSION.of(SessionId(9)) if mutation == "sendMessage" else ids.MESSAGE.of(MessageId(9))
    more: dict[str, Any] = {"content": "Hi"} if mutation == "sendMessage" else {}
    answered = await graph.change(mutation, {key: gone, **more})
    assert (answered["__typename"], answered["path"]) == ("NotFoundError", ["input", key])
    assert answered["missingId"] == gone


async def test_a_citation_outlives_its_document(graph: Graph) -> None:
    graph.documents.rows.clear()
    graph.chunks.rows.clear()
    found = await graph.run(
        "query ($id: ID!) { message(id: $id) { citations { documentName quote document { id } chunk { id } } } }",
        id=ANSWER,
    )
    [citation] = found["message"]["citations"]
    assert citation == {
        "documentName": "bolts.txt",
        "quote": "Bolt A takes 35 Nm.",
        "document": None,
        "chunk": None,
    }
