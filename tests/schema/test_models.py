"""Models, providers, settings and limits in GraphQL."""

from dataclasses import replace

import pytest

from records.errors import Conflict, InsufficientMemory, InvalidInput
from records.ids import ModelId
from records.model import FitVerdict, LoadRequest, MemoryFit
from records.session import SamplingSettings
from schema.common import global_ids
from tests.schema.conftest import InMemoryGraph
from tests.support.builders import make_model

KEY = ModelId("0123456789abcdef")
ONE = global_ids.MODEL.encode(KEY)
FIT = MemoryFit(FitVerdict.DOES_NOT_FIT, 50 << 30, 1, 1, 50 << 30, 8 << 30, None, "A smaller quantization.")


async def test_a_model_has_the_facts_of_its_file(graph: InMemoryGraph) -> None:
    found = await graph.execute("{ models { id name architecture byteSize hasChatTemplate loadSettings { device } } }")
    assert found["models"] == [
        {
            "id": ONE,
            "name": "Small",
            "architecture": "llama",
            "byteSize": 5_000_000_000,
            "hasChatTemplate": True,
            "loadSettings": {"device": "CPU"},
        }
    ]


async def test_the_facts_of_an_unreadable_file_are_null(graph: InMemoryGraph) -> None:
    graph.models.rows[KEY] = replace(graph.models.rows[KEY], facts=None)
    found = await graph.execute("{ models { architecture byteSize fit { verdict } } }")
    assert found["models"] == [{"architecture": None, "byteSize": None, "fit": None}]


@pytest.mark.parametrize(
    ("filter", "count"),
    [
        ("{}", 2),
        ('{nameContains: "SMA"}', 1),
        ("{status: [FAILED]}", 0),
        ("{source: [BUNDLED], status: [READY]}", 2),
        ('{providerId: "UHJvdmlkZXI6bG9jYWw"}', 2),
        ('{providerId: "UHJvdmlkZXI6b3RoZXI"}', 0),
        ("{source: null}", 2),
    ],
)
async def test_models_are_filtered(graph: InMemoryGraph, filter: str, count: int) -> None:
    other = make_model(id=ModelId("1111111111111111"), name="Other", is_default=False)
    graph.models.rows[other.id] = other
    assert len((await graph.execute(f"{{ models(filter: {filter}) {{ id }} }}"))["models"]) == count


async def test_this_machine_is_the_only_provider(graph: InMemoryGraph) -> None:
    found = await graph.execute("{ providers { id kind status hasApiKey models { provider { id } } } }")
    [provider] = found["providers"]
    assert (provider["kind"], provider["status"], provider["hasApiKey"]) == ("LOCAL", "REACHABLE", False)
    assert provider["models"] == [{"provider": {"id": provider["id"]}}]
    node = await graph.execute("query ($id: ID!) { node(id: $id) { __typename id } }", id=provider["id"])
    assert node["node"] == {"__typename": "Provider", "id": provider["id"]}


async def test_loading_a_model_passes_its_settings_and_returns_at_once(graph: InMemoryGraph) -> None:
    result = await graph.mutate(
        "loadModel",
        {"modelId": ONE, "settings": {"contextLength": 1024}, "makeDefault": True},
        "... on LoadModelSuccess { model { status } }",
    )
    assert result["model"] == {"status": "LOADING"}
    assert graph.models.last_call == (KEY, LoadRequest(context_length=1024), True, False)


async def test_a_load_setting_cannot_be_null(graph: InMemoryGraph) -> None:
    for mutation, where in [("loadModel", "settings"), ("updateModelSettings", "load")]:
        result = await graph.mutate(mutation, {"modelId": ONE, where: {"contextLength": None}})
        assert (result["__typename"], result["path"]) == ("InvalidInputError", ["input", where, "contextLength"])


async def test_a_model_that_does_not_fit_returns_a_suggestion(graph: InMemoryGraph) -> None:
    graph.models.failure = InsufficientMemory("It does not fit.", FIT)
    fields = "... on InsufficientMemoryError { fit { verdict totalBytes suggestion } }"
    result = await graph.mutate("loadModel", {"modelId": ONE}, fields)
    assert result["code"] == "INSUFFICIENT_MEMORY"
    assert result["fit"] == {
        "verdict": "DOES_NOT_FIT",
        "totalBytes": 50 << 30,
        "suggestion": "A smaller quantization.",
    }


async def test_a_model_that_generates_an_answer_cannot_be_unloaded(graph: InMemoryGraph) -> None:
    graph.models.failure = Conflict("It is answering.")
    assert (await graph.mutate("unloadModel", {"modelId": ONE}))["__typename"] == "ConflictError"


async def test_updating_settings_returns_those_in_force(graph: InMemoryGraph) -> None:
    result = await graph.mutate(
        "updateModelSettings",
        {"modelId": ONE, "sampling": {"topK": 5}, "reload": None},
        """... on UpdateModelSettingsSuccess { load { contextLength } sampling { temperature topK } applied
           waitingForReload appliedAt model { id } }""",
    )
    assert result["sampling"]["topK"] == 5
    assert (result["load"], result["applied"], result["waitingForReload"]) == (
        {"contextLength": 2048},
        ["temperature"],
        [],
    )
    assert graph.models.last_call == (KEY, None, SamplingSettings(top_k=5), False, ())


async def test_null_restores_the_default_of_a_sampling_setting(graph: InMemoryGraph) -> None:
    await graph.mutate("updateModelSettings", {"modelId": ONE, "sampling": {"topK": None}})
    assert graph.models.last_call == (KEY, None, SamplingSettings(top_k=40), False, ())


async def test_null_removes_the_value_of_a_sampling_setting_without_a_default(graph: InMemoryGraph) -> None:
    await graph.mutate("updateModelSettings", {"modelId": ONE, "sampling": {"seed": None}})
    assert graph.models.last_call == (KEY, None, SamplingSettings(), False, ("seed",))


async def test_the_fit_of_settings_that_a_model_rejects_is_null(graph: InMemoryGraph) -> None:
    graph.models.failure = InvalidInput("contextLength is 256 to 8,192.", field="settings.context_length")
    found = await graph.execute("{ models { fit(settings: {contextLength: -1}) { verdict } } }")
    assert found["models"] == [{"fit": None}]


async def test_deleting_a_model_returns_the_bytes_freed(graph: InMemoryGraph) -> None:
    result = await graph.mutate("deleteModel", {"modelId": ONE}, "... on DeleteModelSuccess { deletedId freedBytes }")
    assert (result["deletedId"], result["freedBytes"]) == (ONE, 5_000_000_000)


@pytest.mark.parametrize("mutation", ["loadModel", "unloadModel", "updateModelSettings", "deleteModel"])
async def test_an_unknown_model_is_not_found(graph: InMemoryGraph, mutation: str) -> None:
    unknown = global_ids.MODEL.encode(ModelId("ffffffffffffffff"))
    result = await graph.mutate(mutation, {"modelId": unknown})
    assert (result["__typename"], result["missingId"]) == ("NotFoundError", unknown)
