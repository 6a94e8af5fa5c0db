"""Truncated files and files with flipped bits in the header fail to load with a reason."""

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from random import Random

import anyio
import pytest

from records.ids import ModelId
from records.model import ModelRecord, ModelStatus
from records.session import SamplingSettings
from services.models import Models
from tests.services.models.harness import FakeModelSettings, find_model, load_model, open_test_models

FINAL = (ModelStatus.READY, ModelStatus.FAILED)
HEADER_BYTES = 12_000
"""Size of the tiny model's header: entries, vocabulary and the list of tensors."""


def truncate(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content))]


def flip_bits(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.randint(1, 6)):
        changed[random.randrange(HEADER_BYTES)] ^= 1 << random.randrange(8)
    return bytes(changed)


async def wait_loaded(models: Models, model_id: ModelId) -> ModelRecord:
    """Wait until a model is READY or FAILED, and return it."""
    with anyio.fail_after(60):
        async with models.watch_models(model_id) as changes, aclosing(changes):
            async for change in changes:
                if change.record is not None and change.record.status in FINAL:
                    return change.record
    raise AssertionError("the stream of changes never ends")


@pytest.mark.parametrize(("damage", "may_work"), [(truncate, False), (flip_bits, True)])
async def test_a_damaged_file_fails_with_a_reason_and_does_not_affect_other_models(
    folder: Path, store: FakeModelSettings, damage: Callable[[bytes, Random], bytes], may_work: bool
) -> None:
    content = (folder / "alpha.gguf").read_bytes()
    for number in range(12):
        (folder / f"damaged-{number}.gguf").write_bytes(damage(content, Random(number)))
    reasons = set()
    async with open_test_models(folder, store) as models:
        for number in range(12):
            damaged = await find_model(models, f"damaged-{number}")
            await models.load_model(damaged.id)
            after = await wait_loaded(models, damaged.id)
            if after.status is ModelStatus.READY:
                assert may_work, "a truncated file is never ready"
                continue
            assert after.error is not None
            assert after.error.message
            assert after.error.hint, (number, after.error)
            reasons.add(after.error.code)
        alpha = await load_model(models, "alpha")
        assert alpha.status is ModelStatus.READY
        inference = models.inference(alpha.id)
        generation = inference.generate([("user", "Hello")], SamplingSettings(max_tokens=4), "a", salt="")
        async with generation as events:
            async for _ in events:
                pass
            assert events.finished.completion_tokens > 0
    assert reasons
