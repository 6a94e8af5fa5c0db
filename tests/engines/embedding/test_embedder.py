"""The light embedder with its real model, in one pair of processes for all tests, because loading takes seconds."""

import asyncio
import importlib.util
import math
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from engines.embedding import EmbedderMissing, WorkerEmbedder, document_worker, open_embedder, prompt_worker
from engines.embedding.protocol import Describe, Description, EmbedDocuments, EmbedPrompt, Start, Vector, Vectors
from tests.fakes.embedding import FakeEmbedder
from tests.paths import ROOT
from tests.support.own_task import in_own_task
from tests.workers.kill_worker import assert_survives_kill
from workers import Worker, open_worker

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def embedder() -> AsyncIterator[WorkerEmbedder]:
    async with in_own_task(open_embedder(prompt_worker(), document_worker())) as embedder:
        yield embedder


def floats(vector: bytes) -> tuple[float, ...]:
    width = len(vector) // 384
    return struct.unpack(f"<384{'f' if width == 4 else 'e'}", vector)


def cosine(one: bytes, other: bytes) -> float:
    return sum(a * b for a, b in zip(floats(one), floats(other), strict=True))


async def test_a_prompt_is_a_float32_vector_of_unit_length(embedder: WorkerEmbedder) -> None:
    vector = await embedder.embed_prompt("How much torque does bolt A need?")
    assert len(vector) == 4 * embedder.dimensions == 4 * 384
    assert math.hypot(*floats(vector)) == pytest.approx(1, abs=1e-6)


async def test_documents_are_float16_vectors_of_unit_length_in_order(embedder: WorkerEmbedder) -> None:
    texts = ["Short.", "A sentence of middling length about ships at sea. " * 4, "", "Bolts need torque. " * 60, "鳥"]
    vectors = await embedder.embed_documents(texts)
    assert [len(vector) for vector in vectors] == [2 * 384] * 5
    assert [math.hypot(*floats(vector)) for vector in vectors] == pytest.approx([1] * 5, abs=2e-3)
    for text, vector in zip(texts, vectors, strict=True):
        assert cosine(await embedder.embed_prompt(text), vector) == pytest.approx(1, abs=5e-3)


async def test_more_texts_than_fit_into_one_call_keep_their_order(embedder: WorkerEmbedder) -> None:
    texts = [f"number {n}" for n in range(300)]
    vectors = await embedder.embed_documents(texts)
    assert len(vectors) == 300
    assert cosine(vectors[299], await embedder.embed_prompt("number 299")) > 0.99


async def test_no_texts_have_no_vectors(embedder: WorkerEmbedder) -> None:
    assert await embedder.embed_documents([]) == []


async def test_related_texts_have_similar_vectors(embedder: WorkerEmbedder) -> None:
    prompt = await embedder.embed_prompt("How do I reset my password?")
    near, far = await embedder.embed_documents(["Recovering access to your account", "Recipe for apple pie"])
    assert cosine(prompt, near) > cosine(prompt, far) + 0.1


async def test_text_beyond_the_models_limit_is_ignored(embedder: WorkerEmbedder) -> None:
    head = "ship " * 254
    cut, whole = await embedder.embed_documents([head, head + "apple pie recipe " * 200])
    assert cosine(cut, whole) > 0.999


async def test_a_text_that_answers_the_prompt_has_the_highest_score_by_late_interaction(
    embedder: WorkerEmbedder,
) -> None:
    texts = ["Bolt A takes a torque of 35 Nm.", "Apple pie needs six apples.", "", "鳥"]
    scores = await embedder.compare("How much torque does bolt A need?", texts)
    assert scores[0] == max(scores)
    assert scores[0] > scores[1] + 0.1
    assert scores[2] == 0
    assert all(-1 <= score <= 1 for score in scores)


async def test_a_score_does_not_depend_on_the_batch_or_on_the_previous_prompt(embedder: WorkerEmbedder) -> None:
    texts = ["Bolt A takes a torque of 35 Nm.", "A long text about ships at sea. " * 40]
    together = await embedder.compare("torque", texts)
    await embedder.compare("ships", texts)
    alone = [(await embedder.compare("torque", [text]))[0] for text in texts]
    assert together == pytest.approx(alone, abs=0.02)
    assert (await embedder.compare("torque", ["torque"]))[0] == pytest.approx(1, abs=0.01)


async def test_empty_and_malformed_texts_can_be_compared(embedder: WorkerEmbedder) -> None:
    assert await embedder.compare("bolt", []) == []
    assert await embedder.compare("", ["bolt"]) == [0.0]
    assert len(await embedder.compare("\ud83d", ["\udc00"])) == 1


async def test_unpaired_surrogates_can_be_embedded(embedder: WorkerEmbedder) -> None:
    assert len(await embedder.embed_prompt("broken \ud83d emoji")) == 4 * 384
    assert len((await embedder.embed_documents(["\udc00"]))[0]) == 2 * 384


async def test_the_worker_describes_its_model(embedder: WorkerEmbedder) -> None:
    described = await embedder.describe()
    assert (described.dimensions, described.max_tokens) == (384, 256)
    assert described.precision in ("float32", "bfloat16")
    if described.bfloat16_speed is not None:
        assert (described.precision == "bfloat16") == (described.bfloat16_speed >= 1.1)


async def test_both_precisions_have_nearly_equal_vectors(embedder: WorkerEmbedder) -> None:
    text = "The warranty ends two years after the purchase."
    spec = prompt_worker()
    assert isinstance(spec.start, Start)
    vectors = []
    for precision in ("float32", "bfloat16"):
        start = Start(spec.start.path, threads=1, precision=precision)
        async with open_worker(replace(spec, start=start)) as worker:
            assert (await worker.call(Describe(), Description)).precision == precision
            vectors.append((await worker.call(EmbedPrompt(text), Vector)).vector)
    assert 0.99 < cosine(*vectors) < 0.9999999


async def test_a_canceled_batch_frees_the_worker(embedder: WorkerEmbedder) -> None:
    long = asyncio.ensure_future(embedder.embed_documents(["ship at sea " * 100] * 256))
    await asyncio.sleep(0.2)
    assert not long.done()
    long.cancel()
    assert len(await embedder.embed_documents(["next"])) == 1
    assert long.cancelled()


async def embed_one_prompt(worker: Worker) -> None:
    assert len((await worker.call(EmbedPrompt("still here"), Vector)).vector) == 4 * 384


async def embed_many_documents(worker: Worker) -> None:
    await worker.call(EmbedDocuments(["ship at sea " * 100] * 512), Vectors)


@pytest.mark.parametrize("spec", [prompt_worker(), document_worker()], ids=["prompts", "documents"])
async def test_each_worker_is_restarted_after_it_was_killed_in_a_call(spec: object) -> None:
    await assert_survives_kill(spec, embed_many_documents, embed_one_prompt)  # type: ignore[arg-type]


async def test_a_folder_without_a_model_raises_embedder_missing(tmp_path: Path) -> None:
    with pytest.raises(EmbedderMissing, match="make setup"):
        async with open_embedder(prompt_worker(tmp_path), document_worker(tmp_path)):
            pass


async def test_the_servers_side_imports_no_library_of_the_worker() -> None:
    program = "import sys, engines.embedding; engines.embedding.bundled_folder(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert not {"torch", "numpy", "sentence_transformers", "transformers"} & set(loaded.stdout.split())
    assert importlib.util.find_spec("torch") is not None


async def test_the_fake_embedder_has_vectors_of_the_same_form() -> None:
    fake = FakeEmbedder()
    prompt = await fake.embed_prompt("torque of bolt A")
    near, far, none = await fake.embed_documents(["The torque of the bolt is 35 Nm", "apple pie", "…"])
    assert [len(vector) for vector in (prompt, near, far, none)] == [4 * 384, *[2 * 384] * 3]
    assert math.hypot(*floats(prompt)) == pytest.approx(1, abs=1e-6)
    assert cosine(prompt, near) > cosine(prompt, far) + 0.2
    assert await fake.embed_prompt("torque of bolt A") == prompt


async def test_texts_of_many_lengths_do_not_make_the_process_grow(embedder: WorkerEmbedder) -> None:
    """Without padding the process grows by 3 MiB for each new length."""
    worker = embedder.workers[1]
    texts = [["bolt " * words] * 2 for words in range(170, 210)]
    await worker.call(EmbedDocuments([texts[0][0]] * 2), Vectors)
    assert worker.pid is not None
    before = psutil.Process(worker.pid).memory_info().rss
    for pair in texts:
        await worker.call(EmbedDocuments(pair), Vectors)
    assert psutil.Process(worker.pid).memory_info().rss - before < 60 << 20
