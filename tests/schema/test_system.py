"""Background indexing, settings, limits, statistics and usage in GraphQL."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from records.configuration import Limits
from records.errors import Conflict
from records.ids import ChunkId, ModelId
from schema.common import global_ids
from tests.schema.conftest import InMemoryGraph
from tests.support.builders import make_document

STATUS = """{ state deepEmbedder pendingDocuments pendingChunks doneChunks idleSeconds idleThresholdSeconds
    gpuUtilizationPercent startedAt error }"""

COUNTS = """{ users activeUsers documents sessions answers failedAnswers promptTokens completionTokens
    usersByRole { role count } documentsByStatus { status count } answersByDay { day count }
    answersByModel { modelName count } medianTimeToFirstTokenMs storage { documents } }"""


async def test_the_status_counts_pending_and_embedded_chunks(graph: InMemoryGraph) -> None:
    assert (await graph.execute(f"{{ indexing {STATUS} }}"))["indexing"] == {
        "state": "WAITING_FOR_IDLE",
        "deepEmbedder": "large",
        "pendingDocuments": 1,
        "pendingChunks": 2,
        "doneChunks": 1,
        "idleSeconds": 30.0,
        "idleThresholdSeconds": 600,
        "gpuUtilizationPercent": 12.0,
        "startedAt": "2026-11-21T12:00:00Z",
        "error": "It ended unexpectedly.",
    }


async def test_indexing_starts_at_once_unless_now_is_false(graph: InMemoryGraph) -> None:
    started = await graph.mutate("startIndexing", {}, "... on StartIndexingSuccess { indexing { state } }")
    assert started == {"__typename": "StartIndexingSuccess", "indexing": {"state": "RUNNING"}}
    assert graph.indexing.last_call == ("start", True)
    await graph.mutate("startIndexing", {"now": False})
    assert graph.indexing.last_call == ("start", False)


async def test_indexing_stops_with_or_without_a_reason(graph: InMemoryGraph) -> None:
    stopped = await graph.mutate(
        "stopIndexing", {"reason": "games"}, "... on StopIndexingSuccess { indexing { state } }"
    )
    assert stopped == {"__typename": "StopIndexingSuccess", "indexing": {"state": "IDLE"}}
    assert graph.indexing.last_call == ("stop", "games")
    await graph.mutate("stopIndexing", {})
    assert graph.indexing.last_call[1] is None


async def test_a_start_or_stop_that_is_not_possible_is_a_conflict(graph: InMemoryGraph) -> None:
    graph.indexing.failure = Conflict("No deep embedder is set.")
    for mutation in ("startIndexing", "stopIndexing"):
        result = await graph.mutate(mutation, {})
        assert (result["__typename"], result["message"]) == ("ConflictError", "No deep embedder is set.")


async def test_events_start_with_the_current_status_and_continue_with_changes(graph: InMemoryGraph) -> None:
    results = await graph.subscribe("subscription { indexingEvents { state doneChunks } }")
    assert [result.data["indexingEvents"]["doneChunks"] for result in results] == [1, 17]


async def test_a_document_reports_the_progress_of_each_embedder(graph: InMemoryGraph) -> None:
    query = "{ documents { nodes { embeddings { model dimensions role embeddedChunks complete } } } }"
    light = {"model": "all-MiniLM-L6-v2", "dimensions": 384, "role": "LIGHT", "embeddedChunks": 2, "complete": True}
    graph.documents.rows = {document.id: document for document in [make_document()]}
    assert (await graph.execute(query))["documents"]["nodes"] == [{"embeddings": [light]}]
    graph.settings = replace(graph.settings, deep_embedder="large", deep_dimensions=1024)
    for done in (0, 1, 2):
        graph.deep_vectors.stored = {ChunkId(at) for at in range(done)}
        deep = {"model": "large", "dimensions": 1024, "role": "DEEP", "embeddedChunks": done, "complete": done == 2}
        assert (await graph.execute(query))["documents"]["nodes"] == [{"embeddings": [light, deep]}]


async def test_settings_include_the_conditions_of_indexing(graph: InMemoryGraph) -> None:
    query = "{ settings { deepEmbedder idleThresholdSeconds gpuIdlePercent } }"
    expected: dict[str, object] = {"deepEmbedder": None, "idleThresholdSeconds": 600, "gpuIdlePercent": 10.0}
    assert (await graph.execute(query))["settings"] == expected
    graph.settings = replace(graph.settings, deep_embedder="large", idle_threshold_seconds=60, gpu_idle_percent=5.5)
    expected = {"deepEmbedder": "large", "idleThresholdSeconds": 60, "gpuIdlePercent": 5.5}
    assert (await graph.execute(query))["settings"] == expected


async def test_settings_and_limits_can_be_read(graph: InMemoryGraph) -> None:
    found: Any = await graph.execute(
        "{ settings { lightEmbedder defaultModelId chunking { maxTokens } } limits { maxPageSize maxUploadBytes } }"
    )
    assert found["settings"] == {
        "lightEmbedder": "all-MiniLM-L6-v2",
        "defaultModelId": global_ids.MODEL.encode(ModelId("0123456789abcdef")),
        "chunking": {"maxTokens": 256},
    }
    assert found["limits"]["maxPageSize"] == 100


async def test_every_limit_can_be_read(graph: InMemoryGraph) -> None:
    names = (await graph.execute('{ __type(name: "Limits") { fields { name } } }'))["__type"]["fields"]
    limits = (await graph.execute("{ limits { " + " ".join(each["name"] for each in names) + " } }"))["limits"]
    assert {_snake(name): int(value) for name, value in limits.items()} == asdict(Limits())


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


async def test_statistics_have_totals_and_their_parts(graph: InMemoryGraph) -> None:
    assert (await graph.execute(f"{{ statistics {COUNTS} }}"))["statistics"] == {
        "users": 5,
        "activeUsers": 2,
        "documents": 8,
        "sessions": 3,
        "answers": 10,
        "failedAnswers": 1,
        "promptTokens": 1 << 33,
        "completionTokens": 200,
        "usersByRole": [{"role": "SUPERADMIN", "count": 1}, {"role": "USER", "count": 4}],
        "documentsByStatus": [{"status": "READY", "count": 7}, {"status": "FAILED", "count": 1}],
        "answersByDay": [{"day": "2026-11-20T00:00:00Z", "count": 0}, {"day": "2026-11-21T00:00:00Z", "count": 10}],
        "answersByModel": [{"modelName": "Small", "count": 9}],
        "medianTimeToFirstTokenMs": 120.5,
        "storage": {"documents": (await graph.metrics.sample()).storage.documents},
    }


async def test_the_range_is_thirty_days_by_default_and_has_a_time_zone(graph: InMemoryGraph) -> None:
    await graph.execute("{ statistics { users } }")
    await graph.execute('{ statistics(since: "2026-11-01T01:00:00+01:00", until: null) { users } }')
    default, given = graph.statistics.ranges
    assert default.until - default.since == timedelta(days=30)
    assert datetime.now(UTC) - default.until < timedelta(minutes=1)
    assert (given.since, given.since.tzinfo) == (datetime(2026, 11, 1, tzinfo=UTC), UTC)


async def test_usage_is_shown_with_its_limits(graph: InMemoryGraph) -> None:
    fields = "answersToday answersLimit tokensToday tokensLimit uploadedBytesToday uploadLimitBytes resetsAt"
    usage = (await graph.execute(f"{{ viewer {{ usage {{ {fields} }} }} }}"))["viewer"]["usage"]
    resets_at = datetime.fromisoformat(usage.pop("resetsAt"))
    assert usage == {
        "answersToday": 4,
        "answersLimit": 50,
        "tokensToday": (1 << 33) + 20,
        "tokensLimit": 1 << 40,
        "uploadedBytesToday": 1 << 34,
        "uploadLimitBytes": 1 << 41,
    }
    assert resets_at.isoformat().endswith("T00:00:00+00:00")
    assert timedelta() < resets_at - datetime.now(UTC) <= timedelta(days=1)
