"""A cross-encoder with random weights in its real process."""

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
from tests.support.own_task import in_own_task
from tests.support.tiny_cross_encoder import write_cross_encoder
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


async def test_it_is_named_by_its_folder_and_starts_with_the_first_call(reranker: Reranker) -> None:
    (worker,) = reranker.workers
    assert (reranker.name, worker.state, worker.pid) == ("tiny-cross-encoder", WorkerState.RUNNING, None)
    await reranker.score("torque of the bolt", TEXTS[:1])
    assert worker.pid is not None


async def test_each_text_gets_its_score_whatever_stands_beside_it(reranker: Reranker) -> None:
    together = await reranker.score("torque of the bolt", TEXTS)
    alone = [(await reranker.score("torque of the bolt", [text]))[0] for text in TEXTS]
    assert together == pytest.approx(alone, abs=1e-4)
    assert len(set(together)) > 1
    assert await reranker.score("apple", TEXTS) != pytest.approx(together, abs=1e-4)


async def test_any_text_can_be_scored(reranker: Reranker) -> None:
    assert len(await reranker.score("\ud83d", ["", "\udc00", "bolt " * 5_000])) == 3
    assert await reranker.score("bolt", []) == []


async def test_a_model_of_another_kind_is_told_plainly(tmp_path: Path) -> None:
    classifier = cross_encoder_worker(write_cross_encoder(tmp_path / "classifier", labels=3))
    async with open_cross_encoder(classifier) as reranker:
        with pytest.raises(RerankerFailed, match="gives 3 figures for a passage where one score is needed"):
            await reranker.score("bolt", TEXTS)


async def scores_one(worker: Worker) -> None:
    assert len((await worker.call(Score("bolt", ["nut"]), Scores)).scores) == 1


async def scores_many(worker: Worker) -> None:
    await worker.call(Score("bolt", ["torque of the bolt " * 50] * 20_000), Scores)


async def test_it_survives_a_kill_in_the_middle(folder: Path) -> None:
    await assert_survives_kill(cross_encoder_worker(folder), scores_many, scores_one)


async def test_without_a_folder_the_embedder_compares_tokens() -> None:
    embedder = ComparingEmbedder()
    async with open_reranker(embedder, None) as reranker:
        assert (reranker.name, reranker.workers) == ("words-hashed, late interaction", ())
        assert await reranker.score("bolt", ["bolt", "pie"]) == [1.0, 0.0]


async def test_the_parent_imports_nothing_heavy() -> None:
    program = "import sys, engines.reranking; print(*sys.modules)"
    root = ROOT
    loaded = subprocess.run([sys.executable, "-c", program], cwd=root, check=True, capture_output=True, text=True)
    assert not {"torch", "numpy", "sentence_transformers", "transformers"} & set(loaded.stdout.split())
