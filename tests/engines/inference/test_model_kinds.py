"""Kinds of models: recurrent, with sliding windows, without a chat template; answers in JSON; reuse of the KV cache."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from records.errors import InvalidInput
from records.model import LoadRequest
from records.session import FinishReason, SamplingSettings
from tests.engines.inference.conftest import generate, open_inference
from tests.engines.inference.scheduling.engine_harness import EngineHarness
from tests.engines.inference.scheduling.reference import SMALL
from tests.support.models.tiny_gguf import write_tiny_mamba

GREEDY = SamplingSettings(temperature=0.0, max_tokens=24)
PROMPT = [5 + (31 * index) % 250 for index in range(120)]


def test_a_recurrent_model_generates_answers_together_and_reuses_no_prefix(tmp_path: Path) -> None:
    path = write_tiny_mamba(tmp_path / "mamba.gguf")
    harness = EngineHarness(path, replace(SMALL, context_length=1024))
    assert harness.model.is_recurrent
    alone = []
    for last in range(4):
        alone.append(harness.ask([*PROMPT, 9 + last], 30, conversation="a"))
        harness.run()
    together = [harness.ask([*PROMPT, 9 + last], 30, conversation="a") for last in range(4)]
    harness.run()
    harness.close()
    assert [call.text for call in together] == [call.text for call in alone]
    assert all(call.finished.cached_tokens == 0 for call in together)


async def test_a_base_model_with_sliding_windows_reuses_prefixes(gemma: Path) -> None:
    """Gemma 3 270M attends to the last 512 tokens in most layers; all cells are kept, so that prefixes can be shared."""
    facts = " ".join(f"Room {number} has {number % 7 + 2} windows." for number in range(90))
    async with open_inference(gemma, LoadRequest(context_length=4096)) as (_, inference):
        text, _, first = await generate(inference, [("user", facts)], GREEDY)
        again, _, warm = await generate(inference, [("user", facts)], GREEDY)
        turn = [("user", facts), ("assistant", text), ("user", "And the doors?")]
        next_text, _, second = await generate(inference, turn, GREEDY)
    assert first.prompt_tokens > 600
    assert first.prompt.endswith("\n\nAnswer:"), "it continues a transcript"
    assert warm.cached_tokens == first.prompt_tokens - 1
    assert again == text
    assert second.cached_tokens >= first.prompt_tokens + first.completion_tokens - 2
    assert next_text


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
async def test_an_answer_follows_a_json_schema(real: Path, temperature: float) -> None:
    sampling = SamplingSettings(temperature=temperature, max_tokens=200, seed=4)
    question = [("user", "Give tags for a text about bridges in winter, as JSON.")]
    async with open_inference(real, LoadRequest(context_length=1024)) as (_, inference):
        text, _, finished = await generate(inference, question, sampling, json_schema=SCHEMA)
    assert finished.finish_reason is FinishReason.STOP
    tags = json.loads(text)["tags"]
    assert 2 <= len(tags) <= 3
    assert all(isinstance(tag, str) and len(tag) <= 12 for tag in tags)


@pytest.mark.parametrize("schema", ["", "{", "[]", '{"type": "no such type"}', '{"$ref": "#/nowhere"}', "x" * 200_000])
async def test_an_unusable_json_schema_raises_invalid_input(tiny: Path, schema: str) -> None:
    async with open_inference(tiny) as (_, inference):
        with pytest.raises(InvalidInput, match="JSON schema"):
            await generate(inference, [("user", "Hello")], GREEDY, json_schema=schema)
        assert (await generate(inference, [("user", "Hello")], GREEDY))[2].completion_tokens == 24


async def test_the_next_turn_of_a_chat_prefills_only_its_new_tokens(real: Path) -> None:
    """I7: the tokens that were generated are reused, even if the tokenizer would choose others for the same text."""
    facts = " ".join(f"Item {number} weighs {number * 13 % 97} kilograms." for number in range(220))
    history = [("system", "You are helpful."), ("user", facts)]
    async with open_inference(real, LoadRequest(context_length=8192)) as (_, inference):
        for question in ("What weighs most?", "And least?", "Name three."):
            sampling = SamplingSettings(temperature=0.9, seed=5, max_tokens=60)
            text, _, last = await generate(inference, history, sampling)
            history = [*history, ("assistant", text), ("user", question)]
            _, _, finished = await generate(inference, history, replace(GREEDY, max_tokens=1))
            assert last.prompt_tokens > 2000
            new = finished.prompt_tokens - last.prompt_tokens - last.completion_tokens
            assert finished.prompt_tokens - finished.cached_tokens <= new + 8
