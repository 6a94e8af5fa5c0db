"""Subscriptions in GraphQL."""

from typing import Any

import pytest

from records.answer import (
    Canceled,
    Completed,
    Failed,
    Gap,
    Progressed,
    ReasoningWritten,
    Retrieved,
    Started,
    TextWritten,
)
from records.codes import ErrorCode
from records.errors import InvalidInput, NotFound
from records.events import Change, ChangeKind
from records.ids import DocumentId, MessageId
from records.session import MessageError, MessageStatus
from schema.common import global_ids
from tests.schema.conftest import InMemoryGraph
from tests.schema.samples import CITATION
from tests.support.builders import make_document, make_message

ANSWER = global_ids.MESSAGE.encode(MessageId(2))
EVENTS = """subscription ($id: ID!, $after: String) { messageEvents(messageId: $id, after: $after) {
    __typename cursor messageId
    ... on MessageStarted { message { status } } ... on RetrievalCompleted { citations { quote } tookMs }
    ... on MessageProgress { status queuePosition promptTokens promptTokensRead }
    ... on ReasoningDelta { text offset } ... on TextDelta { text offset }
    ... on MessageCompleted { message { content } } ... on MessageCanceled { message { content } }
    ... on MessageFailed { message { content } error { code message } }
    ... on StreamGap { content reasoning } } }"""


def script_events(graph: InMemoryGraph) -> None:
    key, message = MessageId(2), make_message(id=MessageId(2), content="35 Nm")
    graph.answers.events = [
        Started(1, key, message),
        Progressed(2, key, MessageStatus.PENDING, queue_position=1),
        Retrieved(3, key, (CITATION,), 4.0),
        ReasoningWritten(4, key, "Hm.", 0),
        TextWritten(5, key, "35 Nm", 0),
        Gap(6, key, "35 Nm", "Hm."),
        Completed(7, key, message),
        Canceled(8, key, message),
        Failed(9, key, message, MessageError(ErrorCode.INTERRUPTED, "The server ended.")),
    ]


async def test_every_event_of_an_answer_is_delivered_in_order(graph: InMemoryGraph) -> None:
    script_events(graph)
    results = await graph.subscribe(EVENTS, id=ANSWER)
    assert [result.errors for result in results] == [None] * 9
    events = [result.data["messageEvents"] for result in results]
    assert [event["__typename"] for event in events] == [
        "MessageStarted", "MessageProgress", "RetrievalCompleted", "ReasoningDelta", "TextDelta", "StreamGap",
        "MessageCompleted", "MessageCanceled", "MessageFailed",
    ]  # fmt: skip
    assert {event["messageId"] for event in events} == {ANSWER}
    assert events[1]["queuePosition"] == 1
    assert events[2]["citations"] == [{"quote": "Bolt A takes 35 Nm."}]
    assert (events[4]["text"], events[4]["offset"]) == ("35 Nm", 0)
    assert events[8]["error"] == {"code": "INTERRUPTED", "message": "The server ended."}


async def test_a_cursor_resumes_after_its_event(graph: InMemoryGraph) -> None:
    script_events(graph)
    whole = await graph.subscribe(EVENTS, id=ANSWER)
    rest = await graph.subscribe(EVENTS, id=ANSWER, after=whole[4].data["messageEvents"]["cursor"])
    assert [each.data for each in rest] == [each.data for each in whole[5:]]


async def test_closing_a_subscription_early_unsubscribes_from_the_answer(graph: InMemoryGraph) -> None:
    script_events(graph)
    await graph.subscribe(EVENTS, max_results=2, id=ANSWER)
    assert graph.answers.closed


@pytest.mark.parametrize(
    ("operation", "unknown"),
    [
        ("messageEvents(messageId: $id) { cursor }", global_ids.MESSAGE.encode(MessageId(99))),
        ("documentEvents(documentId: $id) { change }", global_ids.DOCUMENT.encode(DocumentId(99))),
        ("sessionEvents(sessionId: $id) { change }", global_ids.encode("Session", 99)),
        ("modelEvents(modelId: $id) { change }", global_ids.encode("Model", "ffffffffffffffff")),
    ],
)
@pytest.mark.parametrize("nonsense", [False, True])
async def test_an_unknown_id_fails_before_the_stream_starts(
    graph: InMemoryGraph, operation: str, unknown: str, nonsense: bool
) -> None:
    wrong_id = "nonsense" if nonsense else unknown
    [result] = await graph.subscribe(f"subscription ($id: ID!) {{ {operation} }}", id=wrong_id)
    assert type(result).__name__ == "PreExecutionError"
    [error] = result.errors
    assert isinstance(error.original_error, NotFound)


async def test_an_invalid_cursor_is_an_expected_failure(graph: InMemoryGraph) -> None:
    graph.answers.failure = InvalidInput("This cursor is not one of ours.", field="after")
    [result] = await graph.subscribe(EVENTS, id=ANSWER, after="?")
    assert isinstance(result.errors[0].original_error, InvalidInput)


async def test_document_events_start_with_a_snapshot_and_continue_live(graph: InMemoryGraph) -> None:
    graph.ingestion.live = [
        Change(ChangeKind.ADDED, DocumentId(3), make_document(id=DocumentId(3), name="new")),
        Change(ChangeKind.REMOVED, DocumentId(1), None),
    ]
    results = await graph.subscribe("subscription { documentEvents { change documentId document { name } } }")
    events = [result.data["documentEvents"] for result in results]
    assert [event["change"] for event in events] == ["SNAPSHOT", "SNAPSHOT", "SNAPSHOT_END", "ADDED", "REMOVED"]
    assert events[2] == {"change": "SNAPSHOT_END", "documentId": None, "document": None}
    assert events[3]["document"] == {"name": "new"}
    assert graph.ingestion.live_closed
    assert events[4] == {"change": "REMOVED", "documentId": global_ids.DOCUMENT.encode(DocumentId(1)), "document": None}


async def test_session_and_model_events_start_with_a_snapshot(graph: InMemoryGraph) -> None:
    sessions = await graph.subscribe(
        "subscription { sessionEvents { change sessionId session { name } } }", max_results=2
    )
    models = await graph.subscribe("subscription { modelEvents { change modelId model { name } } }")
    assert [each.data["sessionEvents"]["change"] for each in sessions] == ["SNAPSHOT", "SNAPSHOT_END"]
    assert [each.data["modelEvents"]["change"] for each in models] == ["SNAPSHOT", "SNAPSHOT_END"]
    assert models[0].data["modelEvents"]["model"] == {"name": "Small"}


@pytest.mark.parametrize(
    ("arguments", "interval"), [("", 1000), ("(intervalMs: 1)", 250), ("(intervalMs: 999999)", 60_000)]
)
async def test_the_interval_of_samples_is_clamped(graph: InMemoryGraph, arguments: str, interval: int) -> None:
    results = await graph.subscribe(
        f"subscription {{ systemMetrics{arguments} {{ seq inference {{ model {{ name }} }} }} }}"
    )
    assert [each.data["systemMetrics"]["seq"] for each in results] == [1, 2]
    assert results[0].data["systemMetrics"]["inference"] == [{"model": {"name": "Small"}}]
    assert graph.metrics.interval_ms == interval


async def test_each_event_of_a_stream_reads_the_current_state(graph: InMemoryGraph) -> None:
    message = make_message(id=MessageId(2))
    graph.answers.events = [Started(1, MessageId(2), message), Completed(2, MessageId(2), message)]
    operation = """subscription ($id: ID!) { messageEvents(messageId: $id) {
        ... on MessageStarted { message { session { name } } }
        ... on MessageCompleted { message { session { name } } } } }"""
    stream: Any = await graph.schema.subscribe(operation, {"id": ANSWER}, context_value=graph.context())
    first = await anext(stream)
    await graph.mutate("updateSession", {"id": global_ids.encode("Session", 1), "name": "Renamed"})
    second = await anext(stream)
    await stream.aclose()
    names = [each.data["messageEvents"]["message"]["session"]["name"] for each in (first, second)]
    assert names == ["Bolts", "Renamed"]
