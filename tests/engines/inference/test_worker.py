"""The inference worker: it generates, cancels, rejects what is not possible, changes settings and survives a crash."""

import asyncio
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from engines.inference import WorkerInference
from engines.inference.protocol import CompletionDelta, PromptProgress, ReasoningSupport, Start
from records.errors import Busy, ContextOverflow, ModelLoadFailed
from records.model import LoadRequest
from records.session import FinishReason, SamplingSettings
from tests.engines.inference.conftest import GREEDY, SMALL, generate, open_inference
from tests.support.models.tiny_gguf import CHAT_TEMPLATE, TinyModel, write_tiny_gguf
from workers import Worker, WorkerCrashed

HELLO = [("system", "You are brief."), ("user", "Hello")]
SLOW = TinyModel(layers=6, embedding=512, feed_forward=4096, heads=8)


async def test_an_answer_is_streamed_and_summarized(tiny: Path) -> None:
    async with open_inference(tiny) as (_, inference), inference.generate(HELLO, GREEDY, "a", salt="") as generation:
        events = [event async for event in generation]
        finished = generation.finished
    progress = [event for event in events if isinstance(event, PromptProgress)]
    assert progress[-1].prefilled_tokens == progress[-1].prompt_tokens == finished.prompt_tokens
    deltas = [event for event in events if isinstance(event, CompletionDelta)]
    assert sum(delta.tokens for delta in deltas) <= finished.completion_tokens == 40
    assert (finished.finish_reason, finished.stop_string) == (FinishReason.LENGTH, None)
    assert (
        finished.prompt == "<|start|>system\nYou are brief.<|end|>\n<|start|>user\nHello<|end|>\n<|start|>assistant\n"
    )


async def test_greedy_answers_are_equal_with_and_without_a_cached_prefix(tiny: Path) -> None:
    async with open_inference(tiny) as (_, inference):
        first, _, cold = await generate(inference, HELLO)
        again, _, warm = await generate(inference, HELLO)
        alone, _, deterministic = await generate(inference, HELLO, replace(GREEDY, deterministic=True))
    assert first == again == alone
    assert (cold.cached_tokens, warm.cached_tokens, deterministic.cached_tokens) == (0, warm.prompt_tokens - 1, 0)


async def test_the_next_turn_reuses_the_prompt(tiny: Path) -> None:
    async with open_inference(tiny) as (_, inference):
        _, _, first = await generate(inference, HELLO)
        _, _, second = await generate(inference, [*HELLO, ("assistant", "Hi"), ("user", "And now?")])
    assert second.cached_tokens >= first.prompt_tokens - 1


async def test_the_same_seed_gives_the_same_answer(tiny: Path) -> None:
    seeded = SamplingSettings(temperature=1.5, max_tokens=30, seed=7, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.1)
    async with open_inference(tiny) as (_, inference):
        texts = [(await generate(inference, HELLO, seeded))[0] for _ in range(2)]
        other = (await generate(inference, HELLO, replace(seeded, seed=8)))[0]
    assert texts[0] == texts[1] != other


async def test_a_prompt_longer_than_a_batch_is_prefilled_in_chunks(tiny: Path) -> None:
    long = [("user", "a b c d " * 100)]
    async with open_inference(tiny) as (_, inference):
        assert await inference.count_prompt(long) > 2 * 128
        _, _, finished = await generate(inference, long, replace(GREEDY, max_tokens=4))
    assert finished.completion_tokens == 4


async def test_prompt_and_answer_never_exceed_the_context(tiny: Path) -> None:
    async with open_inference(tiny) as (_, inference):
        prompt = await inference.count_prompt(HELLO)
        with pytest.raises(ContextOverflow, match=f"{prompt:,}"):
            await generate(inference, HELLO, replace(GREEDY, max_tokens=1024 - prompt + 1))
        _, _, finished = await generate(inference, HELLO, replace(GREEDY, max_tokens=1024 - prompt))
        with pytest.raises(ContextOverflow):
            await generate(inference, [("user", "a " * 3000)], SamplingSettings())
    assert finished.completion_tokens == 1024 - prompt, "the last cell was used"


async def test_counting_a_prompt_counts_the_tokens_of_the_earlier_answer(tiny: Path) -> None:
    async with open_inference(tiny) as (_, inference):
        text, _, _ = await generate(inference, HELLO)
        turn = [*HELLO, ("assistant", text), ("user", "And now?")]
        counted = await inference.count_prompt(turn, "conversation")
        _, _, finished = await generate(inference, turn)
    assert finished.prompt_tokens == counted


async def test_a_prompt_of_another_user_is_not_cached(tiny: Path) -> None:
    question = [("user", "What torque does bolt A take? " * 4)]
    async with open_inference(tiny) as (_, inference):
        cached = [(await generate(inference, question, salt=salt))[2].cached_tokens for salt in ("a", "b", "a", "b")]
    assert cached[:2] == [0, 0]
    assert min(cached[2:]) > 0


async def test_a_canceled_prompt_frees_the_engine(tmp_path: Path) -> None:
    slow = write_tiny_gguf(tmp_path / "slow.gguf", SLOW)
    async with open_inference(slow, LoadRequest(context_length=4096, batch_size=2048, threads=1)) as (_, inference):
        async with inference.generate(
            [("user", "x " * 1800)], replace(GREEDY, max_tokens=8), "a", salt=""
        ) as generation:
            async for event in generation:
                assert isinstance(event, PromptProgress)
                break
        _, _, finished = await generate(inference, HELLO, replace(GREEDY, max_tokens=2))
    assert finished.completion_tokens == 2


async def test_settings_can_be_changed_after_a_prompt_was_canceled(tmp_path: Path) -> None:
    slow = write_tiny_gguf(tmp_path / "slow.gguf", SLOW)
    async with open_inference(slow, LoadRequest(context_length=4096, threads=1)) as (worker, inference):
        async with inference.generate(
            [("user", "x " * 1800)], replace(GREEDY, max_tokens=8), "a", salt=""
        ) as generation:
            async for event in generation:
                assert isinstance(event, PromptProgress)
                if event.prefilled_tokens:
                    break
        loaded = await inference.apply(LoadRequest(context_length=2048), SamplingSettings())
        assert (loaded.settings.context_length, worker.restarts) == (2048, 0)


async def test_a_canceled_answer_does_not_affect_the_next_one(tiny: Path) -> None:
    async with open_inference(tiny, replace(SMALL, context_length=4096)) as (_, inference):
        whole, _, _ = await generate(inference, HELLO)
        async with inference.generate(HELLO, replace(GREEDY, max_tokens=3000), "a", salt="") as generation:
            async for event in generation:
                if isinstance(event, CompletionDelta):
                    break
        assert (await generate(inference, HELLO))[0] == whole
        assert inference.active == 0


async def kill_while_generating(worker: Worker, inference: WorkerInference) -> None:
    async with inference.generate(HELLO, replace(GREEDY, max_tokens=3000), "a", salt="") as generation:
        async for event in generation:
            if isinstance(event, CompletionDelta):
                assert worker.pid is not None
                os.kill(worker.pid, signal.SIGKILL)


async def test_a_killed_process_fails_its_answer_and_is_restarted(tiny: Path) -> None:
    async with open_inference(tiny, replace(SMALL, context_length=4096)) as (worker, inference):
        with pytest.raises(WorkerCrashed):
            await kill_while_generating(worker, inference)
        text, _, _ = await generate(inference, HELLO)
        assert text
        assert worker.restarts == 1


async def test_changed_settings_are_read_back_from_the_engine(tiny: Path) -> None:
    async with open_inference(tiny) as (_, inference):
        asked = LoadRequest(context_length=2048, batch_size=64, threads=2, key_cache_type="q8_0", use_mlock=True)
        loaded = await inference.apply(asked, SamplingSettings(max_tokens=3))
        in_force = loaded.settings
        assert (in_force.context_length, in_force.batch_size, in_force.threads) == (2048, 64, 2)
        assert (in_force.key_cache_type, in_force.use_mlock) == ("q8_0", False)
        assert inference.context_length == 2048
        _, _, finished = await generate(inference, HELLO, SamplingSettings(temperature=0.0))
        assert finished.completion_tokens == 3, "values that are not set are inherited"


async def test_impossible_settings_leave_the_previous_ones_in_force(tiny: Path) -> None:
    async with open_inference(tiny) as (_, inference):
        with pytest.raises(ModelLoadFailed):
            await inference.apply(LoadRequest(flash_attention=False, value_cache_type="q4_0"), SamplingSettings())
        assert (await generate(inference, HELLO))[2].completion_tokens == 40


async def test_a_new_context_does_not_read_the_weights_again(tiny: Path, tmp_path: Path) -> None:
    """Measurement I14. The model file is deleted after loading, so that reading it again would fail."""
    path = Path(shutil.copy(tiny, tmp_path / "deleted.gguf"))
    async with open_inference(path) as (_, inference):
        before, _, _ = await generate(inference, HELLO)
        path.unlink()
        for length in (2048, 512):
            assert (await inference.apply(LoadRequest(context_length=length), SamplingSettings())) is inference.loaded
            assert inference.context_length == length
            assert (await generate(inference, HELLO))[0] == before


async def test_a_model_is_loaded_from_a_file_whose_name_is_not_utf8(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"m\xffdel.gguf")
    shutil.copy(tiny, path)
    async with open_inference(path) as (_, inference):
        assert (await generate(inference, HELLO))[0]


async def test_a_base_model_continues_a_transcript(tmp_path: Path) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf", TinyModel(chat_template=None))
    async with open_inference(base) as (_, inference):
        assert inference.loaded.template_error is None
        _, _, finished = await generate(inference, HELLO)
    assert finished.prompt == "You are brief.\n\nQuestion: Hello\n\nAnswer:"


async def test_an_unusable_chat_template_is_reported_with_its_reason(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "broken.gguf", TinyModel(chat_template="{{ messages | no_such_filter }}"))
    async with open_inference(path) as (_, inference):
        assert "no_such_filter" in (inference.loaded.template_error or "")
        assert inference.reasoning is ReasoningSupport.NONE
        _, _, finished = await generate(inference, HELLO)
    assert finished.prompt == "You are brief.\n\nQuestion: Hello\n\nAnswer:"


async def test_the_bundled_model_answers_a_simple_question(real: Path) -> None:
    async with open_inference(real, LoadRequest(context_length=2048)) as (_, inference):
        question = [("system", "You are a helpful assistant."), ("user", "What is the capital of France?")]
        text, _, finished = await generate(inference, question)
        statistics = await inference.statistics()
    assert "Paris" in text
    assert finished.finish_reason is FinishReason.STOP
    assert statistics.sequences_busy == 0
    assert statistics.cached_tokens_used >= finished.prompt_tokens


async def test_text_behind_an_opening_tag_in_the_prompt_is_reasoning(tmp_path: Path) -> None:
    thinking = CHAT_TEMPLATE.replace("assistant\n", "assistant\n<think>\n") + "{# </think> #}"
    path = write_tiny_gguf(tmp_path / "thinking.gguf", TinyModel(chat_template=thinking))
    async with open_inference(path) as (_, inference):
        assert inference.reasoning is ReasoningSupport.NATIVE
        text, reasoning, finished = await generate(inference, HELLO)
    assert reasoning
    assert not text, "the model never closed the tag"
    assert finished.reasoning_tokens == finished.completion_tokens == 40


async def test_a_full_queue_raises_busy(tiny: Path) -> None:
    settings = replace(SMALL, context_length=4096, parallel_sequences=1)
    async with open_inference(tiny, settings, Start(max_queued=5)) as (_, inference):
        long = replace(GREEDY, max_tokens=3000)
        async with inference.generate(HELLO, long, "long", salt="") as generation:
            async for event in generation:
                if isinstance(event, CompletionDelta):
                    break
            short = replace(GREEDY, max_tokens=1)
            ends = await asyncio.gather(*(generate(inference, HELLO, short) for _ in range(10)), return_exceptions=True)
        rejected = [end for end in ends if isinstance(end, Busy)]
        assert rejected
        assert len(rejected) + sum(isinstance(end, tuple) for end in ends) == 10


async def test_a_stop_string_ends_the_answer_and_is_not_part_of_it(tiny: Path) -> None:
    async with open_inference(tiny) as (_, inference):
        whole, _, _ = await generate(inference, HELLO)
        stop = whole[10:13]
        text, _, finished = await generate(inference, HELLO, replace(GREEDY, stop=(stop,)))
    assert text == whole[: whole.find(stop)]
    assert (finished.finish_reason, finished.stop_string) == (FinishReason.STOP, stop)
