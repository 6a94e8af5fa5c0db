"""What is told of a loaded model, and what where its process is silent."""

import os
import signal
from pathlib import Path

from tests.services.models.conftest import SettingsInMemory, load, opened


async def test_a_process_that_does_not_answer_is_named_and_told_with_zeros(
    folder: Path, store: SettingsInMemory
) -> None:
    async with opened(folder, store) as models:
        alpha = await load(models, "alpha")
        (worker,) = models.workers()
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGSTOP)
        (status,), unavailable = await models.inference_status()
        os.kill(worker.pid, signal.SIGCONT)
        assert (status.model_id, status.sequences_busy, status.queue_depth) == (alpha.id, 0, 0)
        assert unavailable == ("inference of alpha: its process does not answer at the moment",)
        assert (await models.inference_status())[1] == ()
