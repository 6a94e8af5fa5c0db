"""The inference status of a loaded model."""

import os
import signal
from pathlib import Path

from tests.services.models.harness import FakeModelSettings, load_model, open_test_models


async def test_a_process_that_does_not_respond_is_reported_with_zeros(folder: Path, store: FakeModelSettings) -> None:
    async with open_test_models(folder, store) as models:
        alpha = await load_model(models, "alpha")
        (worker,) = models.workers()
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGSTOP)
        (status,), unavailable = await models.inference_status()
        os.kill(worker.pid, signal.SIGCONT)
        assert (status.model_id, status.sequences_busy, status.queue_depth) == (alpha.id, 0, 0)
        assert unavailable == ("inference of alpha: the process did not respond within 1 s",)
        assert (await models.inference_status())[1] == ()
