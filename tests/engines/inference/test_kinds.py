"""Kinds of models: one with a state instead of a cache, one with sliding windows, one without a chat template."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engines.inference import WorkerInference
from engines.inference.protocol import Finished, Written
from records.errors import InvalidInput
from records.model import LoadRequest
from records.session import FinishReason, SamplingSettings
from tests.engines.inference.alone import SMALL
from tests.engines.inference.bench import Bench
from tests.engines.inference.conftest import open_inference
from tests.support.tiny_gguf import write_tiny_mamba

GREEDY = SamplingSettings(temperature=0.0, max_tokens=24)
PLAIN = [5 + (31 * at) % 250 for at in range(120)]


async def answer(
    inference: WorkerInference,
    messages: list[tuple[str, str]],
    sampling: SamplingSettings = GREEDY,
    json_schema: str | None = None,
) -> tuple[str, Finished]:
    text = ""
    async with inference.generate(messages, sampling, "conversation", json_schema=json_schema) as generation:
        async for event in generation:
            text += event.text if isinstance(event, Written) else ""
        return text, generation.finished


def test_a_recurrent_model_answers_many_and_reuses_nothing(tmp_path: Path) -> None:
    path = write_tiny_mamba(tmp_path / "mamba.gguf")
    settings = replace(SMALL, context_length=1024)
    bench = Bench(path, settings)
    assert bench.model.is_recurrent
    alone = []
    for own in range(4):
        alone.append(bench.ask([*PLAIN, 9 + own], 30, conversation="a"))
        bench.run()
    together = [bench.ask([*PLAIN, 9 + own], 30, conversation="a") for own in range(4)]
    bench.run()
    bench.close()
    assert [call.text for call in together] == [call.text for call in alone]
    assert all(call.finished.cached_tokens == 0 for call in together)


async def test_a_base_model_with_sliding_windows_goes_on_where_it_was(gemma: Path) -> None:
    """Gemma 3 270M looks back 512 tokens in most of its layers; its cache is kept whole, so that beginnings are shared."""
    facts = " ".join(f"Room {number} has {number % 7 + 2} windows." for number in range(90))
    async with open_inference(gemma, LoadRequest(context_length=4096)) as (_, inference):
        assert not inference.loaded.has_template
        text, first = await answer(inference, [("user", facts)])
        again, warm = await answer(inference, [("user", facts)])
        turn, second = await answer(inference, [("user", facts), ("assistant", text), ("user", "And the doors?")])
    assert first.prompt_tokens > 600
    assert warm.cached_tokens == first.prompt_tokens - 1
    assert again == text
    assert second.cached_tokens >= first.prompt_tokens + first.completion_tokens - 2
    assert turn


SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 12}, "minItems": 2, "maxItems": 3}
        },
        "required": ["tags"],
        "additionalProperties": False,
    }
)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
async def test_an_answer_keeps_to_a_json_schema(real: Path, temperature: float) -> None:
    sampling = SamplingSettings(temperature=temperature, max_tokens=200, seed=4)
    question = [("user", "Give tags for a text about bridges in winter, as JSON.")]
    async with open_inference(real, LoadRequest(context_length=1024)) as (_, inference):
        text, finished = await answer(inference, question, sampling, SCHEMA)
    assert finished.finish_reason is FinishReason.STOP
    tags = json.loads(text)["tags"]
    assert 2 <= len(tags) <= 3
    assert all(isinstance(tag, str) and len(tag) <= 12 for tag in tags)


@pytest.mark.parametrize("schema", ["", "{", "[]", '{"type": "no such type"}', '{"$ref": "#/nowhere"}', "x" * 200_000])
async def test_a_schema_that_cannot_be_followed_is_refused(tiny: Path, schema: str) -> None:
    async with open_inference(tiny) as (_, inference):
        with pytest.raises(InvalidInput, match="JSON schema"):
            await answer(inference, [("user", "Hello")], GREEDY, schema)
        assert (await answer(inference, [("user", "Hello")]))[1].completion_tokens == 24


async def test_the_next_turn_of_a_chat_reads_only_what_is_new(real: Path) -> None:
    """I7: the answer's own tokens are kept, however a tokenizer would write its text."""
    told = " ".join(f"Item {number} weighs {number * 13 % 97} kilograms." for number in range(220))
    history = [("system", "You are helpful."), ("user", told)]
    async with open_inference(real, LoadRequest(context_length=8192)) as (_, inference):
        for question in ("What weighs most?", "And least?", "Name three."):
            text, last = await answer(inference, history, SamplingSettings(temperature=0.9, seed=5, max_tokens=60))
            history = [*history, ("assistant", text), ("user", question)]
            _, finished = await answer(inference, history, replace(GREEDY, max_tokens=1))
            assert last.prompt_tokens > 2000
            new = finished.prompt_tokens - last.prompt_tokens - last.completion_tokens
            assert finished.prompt_tokens - finished.cached_tokens <= new + 8
