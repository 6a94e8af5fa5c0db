"""Models, providers, settings and limits in GraphQL."""

from dataclasses import replace
from typing import Any

import pytest

from records.errors import Conflict, InsufficientMemory, InvalidInput
from records.ids import ModelId
from records.model import FitVerdict, LoadRequest, MemoryFit
from records.session import SamplingSettings
from schema import ids
from tests.schema.conftest import Graph
from tests.support.builders import make_model

KEY = ModelId("0123456789abcdef")
ONE = ids.MODEL.of(KEY)
FIT = MemoryFit(FitVerdict.DOES_NOT_FIT, 50 << 30, 1, 1, 50 << 30, 8 << 30, None, "A smaller quantization.")


async def test_a_model_shows_what_its_file_says(graph: Graph) -> None:
    found = await graph.run("{ models { id name architecture byteSize hasChatTemplate loadSettings { device } } }")
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


async def test_a_model_whose_file_cannot_be_read_says_nothing_of_it(graph: Graph) -> None:
    graph.models.rows[KEY] = replace(graph.models.rows[KEY], facts=None)
    found = await graph.run("{ models { architecture byteSize fit { verdict } } }")
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
async def test_models_are_filtered(graph: Graph, filter: str, count: int) -> None:
    other = make_model(id=ModelId("1111111111111111"), name="Other", is_default=False)
    graph.models.rows[other.id] = other
    assert len((await graph.run(f"{{ models(filter: {filter}) {{ id }} }}"))["models"]) == count


async def test_this_machine_is_the_one_provider(graph: Graph) -> None:
    found = await graph.run("{ providers { id kind status hasApiKey models { provider { id } } } }")
    [provider] = found["providers"]
    assert (provider["kind"], provider["status"], provider["hasApiKey"]) == ("LOCAL", "REACHABLE", False)
    assert provider["models"] == [{"provider": {"id": provider["id"]}}]
    node = await graph.run("query ($id: ID!) { node(id: $id) { __typename id } }", id=provider["id"])
    assert node["node"] == {"__typename": "Provider", "id": provider["id"]}


async def test_loading_takes_settings_and_says_that_it_began(graph: Graph) -> None:
    answered = await graph.change(
        "loadModel",
        {"modelId": ONE, "settings": {"contextLength": 1024}, "makeDefault": True},
        "... on LoadModelSuccess { model { status } }",
    )
    assert answered["model"] == {"status": "LOADING"}
    assert graph.models.asked == (KEY, LoadRequest(context_length=1024), True, False)


async def test_a_load_setting_cannot_be_null(graph: Graph) -> None:
    for mutation, where in [("loadModel", "settings"), ("updateModelSettings", "load")]:
        answered = await graph.change(mutation, {"modelId": ONE, where: {"contextLength": None}})
        assert (answered["__typename"], answered["path"]) == ("InvalidInputError", ["input", where, "contextLength"])


async def test_what_does_not_fit_says_what_would(graph: Graph) -> None:
    graph.models.refusal = InsufficientMemory("It does not fit.", FIT)
    fields = "... on InsufficientMemoryError { fit { verdict totalBytes suggestion } }"
    answered = await graph.change("loadModel", {"modelId": ONE}, fields)
    assert answered["code"] == "INSUFFICIENT_MEMORY"
    assert answered["fit"] == {
        "verdict": "DOES_NOT_FIT",
        "totalBytes": 50 << 30,
        "suggestion": "A smaller quantization.",
    }


async def test_a_model_that_answers_stays(graph: Graph) -> None:
    graph.models.refusal = Conflict("It is answering.")
    assert (await graph.change("unloadModel", {"modelId": ONE}))["__typename"] == "ConflictError"


async def test_settings_are_told_as_they_are_in_force(graph: Graph) -> None:
    answered = await graph.change(
        "updateModelSettings",
        {"modelId": ONE, "sampling": {"topK": 5}, "reload": None},
        """... on UpdateModelSettingsSuccess { load { contextLength } sampling { temperature topK } applied
           waitingForReload appliedAt model { id } }""",
    )
    assert answered["sampling"]["topK"] == 5
    assert (answered["load"], answered["applied"], answered["waitingForReload"]) == (
        {"contextLength": 2048},
        ["temperature"],
        [],
    )
    assert graph.models.asked == (KEY, None, SamplingSettings(top_k=5), False)


async def test_null_puts_a_sampling_setting_back_to_its_default(graph: Graph) -> None:
    await graph.change("updateModelSettings", {"modelId": ONE, "sampling": {"topK": None}})
    assert graph.models.asked == (KEY, None, SamplingSettings(top_k=40), False)
    answered = await graph.change("updateModelSettings", {"modelId": ONE, "sampling": {"seed": None}})
    assert (answered["__typename"], answered["path"]) == ("InvalidInputError", ["input", "sampling", "seed"])


async def test_settings_that_a_model_does_not_take_have_no_fit(graph: Graph) -> None:
    graph.models.refusal = InvalidInput("contextLength is 256 to 8,192.", field="settings.context_length")
    found = await graph.run("{ models { fit(settings: {contextLength: -1}) { verdict } } }")
    assert found["models"] == [{"fit": None}]


async def test_deleting_a_model_counts_its_bytes(graph: Graph) -> None:
    answered = await graph.change("deleteModel", {"modelId": ONE}, "... on DeleteModelSuccess { deletedId freedBytes }")
    assert (answered["deletedId"], answered["freedBytes"]) == (ONE, 5_000_000_000)


@pytest.mark.parametrize("mutation", ["loadModel", "unloadModel", "updateModelSettings", "deleteModel"])
async def test_an_unknown_model_is_not_found(graph: Graph, mutation: str) -> None:
    unknown = ids.MODEL.of(ModelId("ffffffffffffffff"))
    answered = await graph.change(mutation, {"modelId": unknown})
    assert (answered["__typename"], answered["missingId"]) == ("NotFoundError", unknown)


async def test_settings_and_limits_are_told(graph: Graph) -> None:
    found: Any = await graph.run(
        "{ settings { lightEmbedder defaultModelId chunking { maxTokens } } limits { maxPageSize maxUploadBytes } }"
    )
    assert found["settings"] == {
        "lightEmbedder": "all-MiniLM-L6-v2",
        "defaultModelId": ONE,
        "chunking": {"maxTokens": 256},
    }
    assert found["limits"]["maxPageSize"] == 100
