"""Settings are validated, applied as early as possible, and read back from the engine."""

from pathlib import Path

import pytest

from engines.inference.hardware import AvailableMemory
from engines.inference.protocol import CompletionDelta
from records.errors import InsufficientMemory, InvalidInput
from records.model import LoadRequest, ModelStatus, ParameterScope, SettingApplies
from records.session import SamplingSettings
from tests.services.models.harness import AMPLE_MEMORY, FakeModelSettings, find_model, load_model, open_test_models


async def test_parameters_describe_the_settings_of_the_model(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        listed = {parameter.name: parameter for parameter in models.parameters(await find_model(models, "alpha"))}
    context, tokens = listed["context_length"], listed["max_tokens"]
    assert (context.minimum, context.maximum, context.default) == (256, 4096, 4096)
    assert (context.scope, context.applies) == (ParameterScope.LOAD, SettingApplies.REBUILDS_CONTEXT)
    assert (tokens.maximum, tokens.default, tokens.applies) == (4096, 512, SettingApplies.AT_ONCE)
    assert listed["key_cache_type"].options is not None
    assert "q8_0" in listed["key_cache_type"].options
    assert (listed["temperature"].default, listed["min_p"].default, listed["seed"].default) == (0.7, 0.05, None)


@pytest.mark.parametrize(
    ("sampling", "name"),
    [
        (SamplingSettings(temperature=2.5), "temperature"),
        (SamplingSettings(temperature=float("nan")), "temperature"),
        (SamplingSettings(top_p=-0.1), "top_p"),
        (SamplingSettings(max_tokens=0), "max_tokens"),
        (SamplingSettings(max_tokens=5000), "max_tokens"),
        (SamplingSettings(stop=("",)), "stop"),
        (SamplingSettings(stop=("x",) * 17), "stop"),
        (SamplingSettings(extra={"mirostat": 2}), "extra"),
    ],
)
async def test_sampling_settings_out_of_range_are_rejected_by_name(
    folder: Path, store: FakeModelSettings, sampling: SamplingSettings, name: str
) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await find_model(models, "alpha")
        with pytest.raises(InvalidInput) as caught:
            models.check_sampling(alpha.id, sampling)
    assert caught.value.field == f"sampling.{name}"


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (LoadRequest(batch_size=1), "batch_size"),
        (LoadRequest(parallel_sequences=33), "parallel_sequences"),
        (LoadRequest(key_cache_type="q9"), "key_cache_type"),
        (LoadRequest(value_cache_type="q8_0", flash_attention=False), "value_cache_type"),
    ],
)
async def test_load_settings_out_of_range_are_rejected_by_name(
    folder: Path, store: FakeModelSettings, settings: LoadRequest, name: str
) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await find_model(models, "alpha")
        with pytest.raises(InvalidInput) as caught:
            await models.update_model_settings(alpha.id, load=settings)
    assert caught.value.field == f"load.{name}"
    assert store.saved == {}


async def test_settings_of_a_loaded_model_are_applied_and_read_back(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha")
        outcome = await models.update_model_settings(
            alpha.id, LoadRequest(context_length=1000, threads=2, use_mlock=True), SamplingSettings(temperature=0.25)
        )
        assert outcome.load is not None
        assert (outcome.load.context_length, outcome.load.threads, outcome.load.use_mlock) == (1024, 2, False)
        assert set(outcome.applied) == {"context_length", "threads", "temperature"}
        assert outcome.waiting_for_reload == ("use_mlock",)
        assert outcome.sampling.temperature == 0.25
        assert outcome.model.pending_load_settings is not None
        assert outcome.model.pending_load_settings.use_mlock
        assert models.inference(alpha.id).context_length == 1024


async def test_a_seed_and_stop_strings_can_be_removed(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha")
        await models.update_model_settings(alpha.id, sampling=SamplingSettings(seed=7, stop=("END",), top_k=5))
        outcome = await models.update_model_settings(alpha.id, removed=("seed", "stop"))
        assert (outcome.sampling.seed, outcome.sampling.stop, outcome.sampling.top_k) == (None, None, 5)
        assert outcome.applied == ("seed", "stop")
        _, stored = store.saved[alpha.id]
        assert stored == SamplingSettings(top_k=5)


async def test_a_reload_applies_the_remaining_settings(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha")
        outcome = await models.update_model_settings(alpha.id, LoadRequest(use_mmap=False), reload=True)
        assert outcome.model.status is ModelStatus.READY
        assert (outcome.applied, outcome.waiting_for_reload) == (("use_mmap",), ())
        assert outcome.model.pending_load_settings is None


async def test_a_shorter_context_waits_while_the_model_is_used(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha")
        async with models.use(alpha.id):
            outcome = await models.update_model_settings(alpha.id, LoadRequest(context_length=512, threads=1))
        assert (outcome.applied, outcome.waiting_for_reload) == (("threads",), ("context_length",))


async def test_an_answer_continues_after_the_context_was_rebuilt(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha", request=LoadRequest(context_length=1024))
        inference = models.inference(alpha.id)
        greedy = SamplingSettings(temperature=0.0, max_tokens=900)
        written, outcome = 0, None
        greeting = [("user", "Hello")]
        async with models.use(alpha.id), inference.generate(greeting, greedy, "a", salt="") as generation:
            async for event in generation:
                written += event.tokens if isinstance(event, CompletionDelta) else 0
                if written and outcome is None:
                    outcome = await models.update_model_settings(
                        alpha.id, LoadRequest(context_length=2048, parallel_sequences=2)
                    )
            finished = generation.finished
    assert outcome is not None
    assert outcome.applied == ("context_length", "parallel_sequences")
    assert outcome.load is not None
    assert (outcome.load.context_length, outcome.load.parallel_sequences) == (2048, 2)
    assert finished.completion_tokens == 900


async def test_settings_of_an_unloaded_model_apply_to_its_next_load(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await find_model(models, "alpha")
        outcome = await models.update_model_settings(
            alpha.id, LoadRequest(context_length=768), SamplingSettings(top_k=3)
        )
        assert (outcome.load, outcome.applied, outcome.waiting_for_reload) == (None, ("top_k",), ("context_length",))
    async with open_test_models(folder, store) as models:
        again = await load_model(models, "alpha")
        assert again.load_settings is not None
        assert (again.load_settings.context_length, again.sampling.top_k) == (768, 3)


async def test_a_context_that_does_not_fit_is_refused_and_nothing_changes(
    folder: Path, store: FakeModelSettings
) -> None:
    free = [AMPLE_MEMORY]
    async with open_test_models(folder, store, memory=lambda: free[0]) as models:
        alpha = await load_model(models, "alpha", request=LoadRequest(context_length=512))
        free[0] = AvailableMemory(1024)
        with pytest.raises(InsufficientMemory):
            await models.update_model_settings(alpha.id, LoadRequest(context_length=4096))
        assert models.inference(alpha.id).context_length == 512
        assert store.saved[alpha.id][0].context_length == 512
