"""Messages in GraphQL: send, cancel, rate, delete."""

from typing import Any

import pytest

from records.errors import Busy, Conflict, ModelNotReady
from records.ids import DocumentId, MessageId, ModelId, SessionId
from records.model import ModelStatus
from records.session import BranchPoint, SamplingSettings, ThinkingMode
from schema.common import global_ids
from tests.schema.conftest import InMemoryGraph

SESSION = global_ids.encode("Session", 1)
PROMPT, ANSWER = global_ids.MESSAGE.encode(MessageId(1)), global_ids.MESSAGE.encode(MessageId(2))


async def test_sending_a_prompt_returns_it_with_its_pending_answer(graph: InMemoryGraph) -> None:
    result = await graph.mutate(
        "sendMessage",
        {
            "sessionId": SESSION,
            "content": "How tight?",
            "thinkingMode": "DIRECT",
            "documentIds": [global_ids.DOCUMENT.encode(DocumentId(1))],
            "sampling": {"maxTokens": 20, "temperature": None, "stop": ["."]},
            "idempotencyKey": "k1",
        },
        "... on SendMessageSuccess { prompt { content } answer { status session { id } } }",
    )
    assert result["prompt"] == {"content": "How tight?"}
    assert result["answer"] == {"status": "PENDING", "session": {"id": SESSION}}
    assert graph.answers.last_request == {
        "session_id": 1,
        "content": "How tight?",
        "thinking_mode": ThinkingMode.DIRECT,
        "document_ids": (1,),
        "sampling": SamplingSettings(max_tokens=20, stop=(".",)),
        "idempotency_key": "k1",
        "point": BranchPoint(),
    }


async def test_a_prompt_has_a_place_in_the_tree(graph: InMemoryGraph) -> None:
    ids = {
        "parentId": global_ids.MESSAGE.encode(MessageId(2)),
        "editsMessageId": global_ids.MESSAGE.encode(MessageId(1)),
    }
    await graph.mutate("sendMessage", {"sessionId": SESSION, "content": "Hi", **ids})
    assert graph.answers.last_request["point"] == BranchPoint(MessageId(2), MessageId(1))
    for field in ids:
        result = await graph.mutate("sendMessage", {"sessionId": SESSION, "content": "Hi", field: "nothing"})
        assert (result["__typename"], result["path"]) == ("NotFoundError", ["input", field])


async def test_an_answer_is_generated_again_with_other_settings(graph: InMemoryGraph) -> None:
    message = global_ids.MESSAGE.encode(MessageId(1))
    model = global_ids.MODEL.encode(ModelId("0123456789abcdef"))
    document = """mutation ($input: RegenerateMessageInput!) { regenerateMessage(input: $input) { __typename
        ... on Error { code path } ... on SendMessageSuccess { prompt { id } answer { status } } } }"""
    request = {"messageId": message, "modelId": model, "thinkingMode": "RAG", "sampling": {"maxTokens": 20}}
    result = (await graph.execute(document, input=request))["regenerateMessage"]
    assert result == {"__typename": "SendMessageSuccess", "prompt": {"id": message}, "answer": {"status": "PENDING"}}
    assert graph.answers.last_request == {
        "thinking_mode": ThinkingMode.RAG, "model_id": "0123456789abcdef", "sampling": SamplingSettings(max_tokens=20),
    }  # fmt: skip
    unknown = request | {"modelId": global_ids.MODEL.encode(ModelId("f" * 16))}
    result = (await graph.execute(document, input=unknown))["regenerateMessage"]
    assert result == {"__typename": "NotFoundError", "code": "NOT_FOUND", "path": ["input", "modelId"]}


async def test_a_fork_is_a_new_session(graph: InMemoryGraph) -> None:
    request = {"messageId": global_ids.MESSAGE.encode(MessageId(2)), "name": " Fork "}
    result = await graph.mutate("forkSession", request, "... on ForkSessionSuccess { session { id name } }")
    assert result["session"]["name"] == "Fork"
    assert result["session"]["id"] != SESSION
    assert (await graph.mutate("forkSession", request | {"name": "\n"}))["code"] == "INVALID_INPUT"


async def test_omitted_and_null_settings_are_inherited_from_the_session(graph: InMemoryGraph) -> None:
    await graph.mutate("sendMessage", {"sessionId": SESSION, "content": "Hi", "documentIds": None, "sampling": None})
    request = graph.answers.last_request
    assert (request["thinking_mode"], request["document_ids"], request["sampling"]) == (None, None, None)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"content": ""}, ["input", "content"]),
        ({"content": " \n\t"}, ["input", "content"]),
        ({"content": "x" * 100_001}, ["input", "content"]),
        ({"content": "a\x00b"}, ["input", "content"]),
        ({"content": "Hi", "idempotencyKey": ""}, ["input", "idempotencyKey"]),
        ({"content": "Hi", "idempotencyKey": "x" * 201}, ["input", "idempotencyKey"]),
    ],
)
async def test_an_invalid_prompt_is_rejected(graph: InMemoryGraph, fields: dict[str, Any], path: list[str]) -> None:
    result = await graph.mutate("sendMessage", {"sessionId": SESSION, **fields})
    assert (result["__typename"], result["path"]) == ("InvalidInputError", path)
    assert graph.answers.last_request == {}


MODEL = ModelId("0123456789abcdef")


@pytest.mark.parametrize(
    ("failure", "member"),
    [
        (Conflict("It is answering."), {"__typename": "ConflictError"}),
        (Busy("Full.", queue_depth=3, retry_after_ms=500), {"__typename": "BusyError", "queueDepth": 3}),
        (
            ModelNotReady("Not loaded.", MODEL, ModelStatus.FAILED),
            {"__typename": "ModelNotReadyError", "modelId": global_ids.MODEL.encode(MODEL), "modelStatus": "FAILED"},
        ),
        (
            ModelNotReady("There is none.", None, ModelStatus.UNLOADED),
            {"__typename": "ModelNotReadyError", "modelId": None, "modelStatus": "UNLOADED"},
        ),
    ],
)
async def test_an_expected_failure_of_the_union_is_data(
    graph: InMemoryGraph, failure: Exception, member: dict[str, Any]
) -> None:
    graph.answers.failure = failure
    fields = "... on BusyError { queueDepth } ... on ModelNotReadyError { modelId modelStatus }"
    result = await graph.mutate("sendMessage", {"sessionId": SESSION, "content": "Hi"}, fields)
    assert result.items() >= member.items()
    assert result["code"] == failure.code  # type: ignore[attr-defined]


async def test_canceling_returns_the_canceled_answer(graph: InMemoryGraph) -> None:
    fields = "... on CancelGenerationSuccess { answer { id status } }"
    result = await graph.mutate("cancelGeneration", {"messageId": ANSWER}, fields)
    assert result["answer"] == {"id": ANSWER, "status": "CANCELED"}


async def test_an_answer_is_rated_and_the_rating_removed(graph: InMemoryGraph) -> None:
    fields = "... on RateMessageSuccess { answer { rating } }"
    cases: list[tuple[dict[str, Any], str | None]] = [({"rating": "UP"}, "UP"), ({}, "UP"), ({"rating": None}, None)]
    for rating_input, rating in cases:
        result = await graph.mutate("rateMessage", {"id": ANSWER, **rating_input}, fields)
        assert result["answer"]["rating"] == rating


async def test_a_prompt_cannot_be_rated(graph: InMemoryGraph) -> None:
    result = await graph.mutate("rateMessage", {"id": PROMPT, "rating": "UP"})
    assert (result["__typename"], result["missingId"]) == ("NotFoundError", PROMPT)


async def test_deleting_a_message_returns_the_deleted_ids(graph: InMemoryGraph) -> None:
    result = await graph.mutate("deleteMessage", {"id": ANSWER}, "... on DeleteMessageSuccess { deletedIds }")
    assert result["deletedIds"] == [ANSWER]


@pytest.mark.parametrize(
    ("mutation", "key"),
    [("cancelGeneration", "messageId"), ("rateMessage", "id"), ("deleteMessage", "id"), ("sendMessage", "sessionId")],
)
async def test_an_id_of_another_type_is_not_found(graph: InMemoryGraph, mutation: str, key: str) -> None:
    wrong = global_ids.DOCUMENT.encode(DocumentId(1))
    more: dict[str, Any] = {"content": "Hi"} if mutation == "sendMessage" else {}
    result = await graph.mutate(mutation, {key: wrong, **more})
    assert (result["__typename"], result["path"]) == ("NotFoundError", ["input", key])


@pytest.mark.parametrize(
    ("mutation", "key"),
    [("cancelGeneration", "messageId"), ("rateMessage", "id"), ("deleteMessage", "id"), ("sendMessage", "sessionId")],
)
async def test_an_id_of_a_deleted_record_is_reported_with_its_path(
    graph: InMemoryGraph, mutation: str, key: str
) -> None:
    gone = (
        global_ids.SESSION.encode(SessionId(9))
        if mutation == "sendMessage"
        else global_ids.MESSAGE.encode(MessageId(9))
    )
    more: dict[str, Any] = {"content": "Hi"} if mutation == "sendMessage" else {}
    result = await graph.mutate(mutation, {key: gone, **more})
    assert (result["__typename"], result["path"]) == ("NotFoundError", ["input", key])
    assert result["missingId"] == gone


async def test_a_citation_remains_after_its_document_is_deleted(graph: InMemoryGraph) -> None:
    graph.documents.rows.clear()
    graph.chunks.rows.clear()
    found = await graph.execute(
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
