"""Files that were cut off, or whose header's bits were turned over, brought through a real load."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from records.ids import ModelId
from records.model import ModelRecord, ModelStatus
from records.session import SamplingSettings
from services.models import Models
from tests.services.models.conftest import SettingsInMemory, by_name, load, opened

END = (ModelStatus.READY, ModelStatus.FAILED)
HEADER_BYTES = 12_000
"""Of the tiny model: facts, vocabulary and the list of its tensors."""


def cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content))]


def flipped(content: bytes, random: Random) -> bytes:
    turned = bytearray(content)
    for _ in range(random.randint(1, 6)):
        turned[random.randrange(HEADER_BYTES)] ^= 1 << random.randrange(8)
    return bytes(turned)


async def ended(models: Models, model_id: ModelId) -> ModelRecord:
    """After a load that was asked for."""
    async with asyncio.timeout(60), models.watch_models(model_id) as changes:
        async for change in changes:
            if change.noun is not None and change.noun.status in END:
                return change.noun
    raise AssertionError("the stream of changes never ends")


@pytest.mark.parametrize(("damage", "may_work"), [(cut, False), (flipped, True)])
async def test_a_damaged_file_fails_with_a_reason_and_nothing_else_is_harmed(
    folder: Path, store: SettingsInMemory, damage: object, may_work: bool
) -> None:
    assert callable(damage)
    content = (folder / "alpha.gguf").read_bytes()
    for number in range(12):
        (folder / f"damaged-{number}.gguf").write_bytes(damage(content, Random(number)))
    reasons = set()
    async with opened(folder, store) as models:
        for number in range(12):
            damaged = await by_name(models, f"damaged-{number}")
            await models.load_model(damaged.id)
            after = await ended(models, damaged.id)
            if after.status is ModelStatus.READY:
                assert may_work, "a file without its end is never ready"
                continue
            assert after.error is not None
            assert after.error.message
            assert after.error.hint, (number, after.error)
            reasons.add(after.error.code)
        alpha = await load(models, "alpha")
        assert alpha.status is ModelStatus.READY
        generation = models.inference(alpha.id).generate([("user", "Hello")], SamplingSettings(max_tokens=4), "a")
        async with generation as events:
            async for _ in events:
                pass
            assert events.finished.completion_tokens > 0
    assert reasons
