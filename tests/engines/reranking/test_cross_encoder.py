"""A cross-encoder with random weights in its real worker process."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engines.reranking import Reranker, RerankerFailed, cross_encoder_worker, open_cross_encoder, open_reranker
from engines.reranking.protocol import Score, Scores
from records.system import WorkerState
from tests.fakes.embedding import ComparingEmbedder
from tests.paths import ROOT
from tests.support.models.tiny_cross_encoder import write_cross_encoder
from tests.support.own_task import in_own_task
from tests.workers.kill_worker import assert_survives_kill
from workers import Worker

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXTS = ["The bolt takes a torque.", "apple pie", "the pump"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cross_encoder(tmp_path_factory.mktemp("models") / "tiny-cross-encoder")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reranker(folder: Path) -> AsyncIterator[Reranker]:
    async with in_own_task(open_reranker(ComparingEmbedder(), folder)) as reranker:
        yield reranker


async def test_the_worker_has_the_name_of_its_folder_and_starts_with_the_first_call(reranker: Reranker) -> None:
    (worker,) = reranker.workers
    assert (reranker.name, worker.state, worker.pid) == ("tiny-cross-encoder", WorkerState.RUNNING, None)
    await reranker.score("torque of the bolt", TEXTS[:1])
    assert worker.pid is not None


async def test_the_score_of_a_text_does_not_depend_on_the_other_texts(reranker: Reranker) -> None:
    together = await reranker.score("torque of the bolt", TEXTS)
    alone = [(await reranker.score("torque of the bolt", [text]))[0] for text in TEXTS]
    assert together == pytest.approx(alone, abs=1e-4)
    assert len(set(together)) > 1
    assert await reranker.score("apple", TEXTS) != pytest.approx(together, abs=1e-4)


async def test_empty_and_malformed_texts_can_be_scored(reranker: Reranker) -> None:
    assert len(await reranker.score("\ud83d", ["", "\udc00", "bolt " * 5_000])) == 3
    assert await reranker.score("bolt", []) == []


async def test_a_model_of_another_kind_raises_reranker_failed(tmp_path: Path) -> None:
    classifier = cross_encoder_worker(write_cross_encoder(tmp_path / "classifier", labels=3))
    async with open_cross_encoder(classifier) as reranker:
        with pytest.raises(RerankerFailed, match="returns 3 numbers for a passage, but one score is needed"):
            await reranker.score("bolt", TEXTS)


async def score_one(worker: Worker) -> None:
    assert len((await worker.call(Score("bolt", ["nut"]), Scores)).scores) == 1


async def score_many(worker: Worker) -> None:
    await worker.call(Score("bolt", ["torque of the bolt " * 50] * 20_000), Scores)


async def test_the_worker_is_restarted_after_it_was_killed_in_a_call(folder: Path) -> None:
    await assert_survives_kill(cross_encoder_worker(folder), score_many, score_one)


async def test_without_a_folder_the_embedder_scores_by_late_interaction() -> None:
    embedder = ComparingEmbedder()
    async with open_reranker(embedder, None) as reranker:
        assert (reranker.name, reranker.workers) == ("words-hashed, late interaction", ())
        assert await reranker.score("bolt", ["bolt", "pie"]) == [1.0, 0.0]


async def test_the_servers_side_imports_no_library_of_the_worker() -> None:
    program = "import sys, engines.reranking; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert not {"torch", "numpy", "sentence_transformers", "transformers"} & set(loaded.stdout.split())
