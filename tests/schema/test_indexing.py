"""Background indexing as clients see it."""

from dataclasses import replace

from records.errors import Conflict
from records.ids import ChunkId
from tests.schema.conftest import Graph
from tests.support.builders import make_document

STATUS = """{ state deepEmbedder pendingDocuments pendingChunks doneChunks idleSeconds idleThresholdSeconds
    gpuUtilizationPercent startedAt error }"""


async def test_the_status_tells_what_is_left_to_do(graph: Graph) -> None:
    assert (await graph.run(f"{{ indexing {STATUS} }}"))["indexing"] == {
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


async def test_indexing_starts_now_unless_it_is_to_wait(graph: Graph) -> None:
    started = await graph.change("startIndexing", {}, "... on StartIndexingSuccess { indexing { state } }")
    assert started == {"__typename": "StartIndexingSuccess", "indexing": {"state": "RUNNING"}}
    assert graph.indexing.asked == ("start", True)
    await graph.change("startIndexing", {"now": False})
    assert graph.indexing.asked == ("start", False)


async def test_indexing_stops_with_or_without_a_reason(graph: Graph) -> None:
    stopped = await graph.change(
        "stopIndexing", {"reason": "games"}, "... on StopIndexingSuccess { indexing { state } }"
    )
    assert stopped == {"__typename": "StopIndexingSuccess", "indexing": {"state": "IDLE"}}
    assert graph.indexing.asked == ("stop", "games")
    await graph.change("stopIndexing", {})
    assert graph.indexing.asked[1] is None


async def test_what_cannot_be_started_or_stopped_is_a_conflict(graph: Graph) -> None:
    graph.indexing.refusal = Conflict("No deep embedder is set.")
    for mutation in ("startIndexing", "stopIndexing"):
        refused = await graph.change(mutation, {})
        assert (refused["__typename"], refused["message"]) == ("ConflictError", "No deep embedder is set.")


async def test_events_begin_with_what_it_is_at_and_tell_every_change(graph: Graph) -> None:
    results = await graph.watch("subscription { indexingEvents { state doneChunks } }")
    assert [result.data["indexingEvents"]["doneChunks"] for result in results] == [1, 17]


async def test_a_document_tells_how_far_each_embedder_has_come(graph: Graph) -> None:
    query = "{ documents { nodes { embeddings { model dimensions role embeddedChunks complete } } } }"
    light = {"model": "all-MiniLM-L6-v2", "dimensions": 384, "role": "LIGHT", "embeddedChunks": 2, "complete": True}
    graph.documents.rows = {document.id: document for document in [make_document()]}
    assert (await graph.run(query))["documents"]["nodes"] == [{"embeddings": [light]}]
    graph.settings = replace(graph.settings, deep_embedder="large", deep_dimensions=1024)
    for done in (0, 1, 2):
        graph.deep_vectors.stored = {ChunkId(at) for at in range(done)}
        deep = {"model": "large", "dimensions": 1024, "role": "DEEP", "embeddedChunks": done, "complete": done == 2}
        assert (await graph.run(query))["documents"]["nodes"] == [{"embeddings": [light, deep]}]


async def test_settings_tell_what_indexing_waits_for(graph: Graph) -> None:
    query = "{ settings { deepEmbedder idleThresholdSeconds gpuIdlePercent } }"
    told: dict[str, object] = {"deepEmbedder": None, "idleThresholdSeconds": 600, "gpuIdlePercent": 10.0}
    assert (await graph.run(query))["settings"] == told
    graph.settings = replace(graph.settings, deep_embedder="large", idle_threshold_seconds=60, gpu_idle_percent=5.5)
    told = {"deepEmbedder": "large", "idleThresholdSeconds": 60, "gpuIdlePercent": 5.5}
    assert (await graph.run(query))["settings"] == told
