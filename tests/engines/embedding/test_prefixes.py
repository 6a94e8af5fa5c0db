"""Prefixes of prompts and documents follow from the header of a GGUF file, or from the configuration of a folder."""

import json
import shutil
import struct
from pathlib import Path

import pytest

from engines.embedding import bundled_folder, find_embedding_model, open_deep_embedder
from engines.embedding.model_discovery import fingerprint
from engines.embedding.prefixes import NO_PREFIXES, Prefixes, find_prefixes
from tests.support.models.tiny_gguf import TinyModel, write_tiny_gguf

SENTENCE = Prefixes("Represent this sentence for searching relevant passages: ", "")
TASK = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
NOMIC = Prefixes("search_query: ", "search_document: ")
GEMMA = Prefixes("task: search result | query: ", "title: none | text: ")
ALIKE, APART = 0.995, 0.98
"""Cosines of vectors of the same text at another precision, and of another text."""


@pytest.mark.parametrize(
    ("name", "architecture", "expected"),
    [
        ("nomic-embed-text-v1.5", "nomic-bert", NOMIC),
        ("Nomic Embed Text v2 Moe", "nomic-bert-moe", NOMIC),
        ("Nomic Embed Code", "qwen2", Prefixes("Represent this query for searching relevant code: ")),
        ("Snowflake Arctic Embed M Long", "nomic-bert", SENTENCE),
        ("Snowflake Arctic Embed L v2.0", "bert", Prefixes("query: ")),
        ("tmp", "nomic-bert", NOMIC),
        ("Embeddinggemma 300M", "gemma-embedding", GEMMA),
        (None, "gemma-embedding", GEMMA),
        ("Qwen3 Embedding 0.6B", "qwen3", Prefixes(TASK)),
        ("E5 Mistral 7b Instruct", "llama", Prefixes(f"{TASK} ")),
        ("Multilingual E5 Large Instruct", "bert", Prefixes(f"{TASK} ")),
        ("multilingual-e5-small", "bert", Prefixes("query: ", "passage: ")),
        ("bge-small-en-v1.5", "bert", SENTENCE),
        ("Bge Large Zh v1.5", "bert", Prefixes("为这个句子生成表示以用于检索相关文章：")),
        ("Mxbai Embed Large v1", "bert", SENTENCE),
        ("bge-m3", "bert", NO_PREFIXES),
        ("all-MiniLM-L6-v2", "bert", NO_PREFIXES),
        ("Qwen3 0.6B", "qwen3", NO_PREFIXES),
        (None, None, NO_PREFIXES),
    ],
)
def test_prefixes_follow_from_the_name_and_the_architecture_in_the_header(
    name: str | None, architecture: str | None, expected: Prefixes
) -> None:
    entries = {"general.name": name, "general.architecture": architecture}
    assert find_prefixes({key: value for key, value in entries.items() if value is not None}) == expected


def test_prefixes_follow_from_the_basename_if_the_name_is_unknown() -> None:
    assert find_prefixes({"general.name": "Model", "general.basename": "nomic-embed-text"}) == NOMIC
    assert find_prefixes({"general.basename": "multilingual-e5", "general.finetune": "instruct"}) == Prefixes(
        f"{TASK} "
    )


def test_the_fingerprint_depends_on_the_prefixes(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "model.gguf", TinyModel(name="nomic-embed-text-v1.5"))
    found = find_embedding_model(str(path), tmp_path).fingerprint
    assert found == fingerprint(path, NOMIC)
    assert len({found, fingerprint(path, GEMMA), fingerprint(path, NO_PREFIXES)}) == 3


async def test_gguf_models_embed_texts_with_their_prefixes(tmp_path: Path) -> None:
    known = write_tiny_gguf(tmp_path / "known.gguf", TinyModel(name="nomic-embed-text-v1.5"))
    plain = write_tiny_gguf(tmp_path / "plain.gguf", TinyModel(name="Tiny"))
    await check_prefixes(known, plain, NOMIC)


async def test_folders_embed_texts_with_the_prefixes_of_their_configuration(tmp_path: Path) -> None:
    known = Path(shutil.copytree(bundled_folder(), tmp_path / "known"))
    prefixes = Prefixes("query: ", "passage: ")
    configuration = known / "config_sentence_transformers.json"
    content = json.loads(configuration.read_text()) if configuration.exists() else {}
    content["prompts"] = {"query": prefixes.prompt, "document": prefixes.document}
    configuration.write_text(json.dumps(content))
    await check_prefixes(known, bundled_folder(), prefixes)


async def check_prefixes(known: Path, plain: Path, prefixes: Prefixes) -> None:
    """Compare two models with the same weights, one of which adds prefixes to the texts."""
    text = "the bolts of the tower"
    models = [find_embedding_model(str(path), path.parent) for path in (known, plain)]
    async with open_deep_embedder(models[0]) as prefixed, open_deep_embedder(models[1]) as bare:
        prompt = await prefixed.embed_prompt(text)
        assert cosine(prompt, await bare.embed_prompt(prefixes.prompt + text)) > ALIKE
        assert cosine(prompt, await bare.embed_prompt(text)) < APART
        [document] = await prefixed.embed_documents([text])
        [same, other] = await bare.embed_documents([prefixes.document + text, text])
        assert cosine(document, same, "e") > ALIKE
        assert cosine(document, other, "e") < APART


def cosine(one: bytes, other: bytes, letter: str = "f") -> float:
    """Return the cosine of two unit vectors."""
    form = f"<{len(one) // struct.calcsize(letter)}{letter}"
    pairs = zip(struct.unpack(form, one), struct.unpack(form, other), strict=True)
    return float(sum(a * b for a, b in pairs))
