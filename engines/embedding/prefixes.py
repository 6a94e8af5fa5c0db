"""Prefixes: texts that embedding models expect in front of prompts and documents, for GGUF files.

A model that was trained with a prefix retrieves worse without it, and reports no error. The prefixes are those of the
models' own cards. A family is recognized by the name in the file's header, or by its architecture. Models of
sentence-transformers have their prefixes in their own folder.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Prefixes:
    """The text that is put in front of each prompt, and the text in front of each document."""

    prompt: str = ""
    document: str = ""


NO_PREFIXES = Prefixes()
_TASK = "Given a web search query, retrieve relevant passages that answer the query"
_SENTENCE = Prefixes("Represent this sentence for searching relevant passages: ")

_BY_NAME = (
    # The cards with the prefix, and the names of their models and GGUF files.
    # nomic-ai/nomic-embed-code, nomic-ai/CodeRankEmbed
    (r"nomic-embed-code|coderankembed", Prefixes("Represent this query for searching relevant code: ")),
    # nomic-ai/nomic-embed-text-v1, -v1.5, -v2-moe
    (r"nomic-embed-text", Prefixes("search_query: ", "search_document: ")),
    # google/embeddinggemma-300m
    (r"embedding-?gemma", Prefixes("task: search result | query: ", "title: none | text: ")),
    # Qwen/Qwen3-Embedding-0.6B, -4B, -8B
    (r"qwen3-embedding", Prefixes(f"Instruct: {_TASK}\nQuery:")),
    # intfloat/e5-mistral-7b-instruct, intfloat/multilingual-e5-large-instruct, Alibaba-NLP/gte-Qwen2-7B-instruct
    (r"\be5-mistral|\be5-.*instruct|gte-qwen2", Prefixes(f"Instruct: {_TASK}\nQuery: ")),
    # intfloat/e5-small-v2, -base-v2, -large-v2, intfloat/multilingual-e5-small, -base, -large
    (r"\be5-(small|base|large)", Prefixes("query: ", "passage: ")),
    # BAAI/bge-small-en-v1.5, -base-, -large-
    (r"\bbge-(small|base|large)-en", _SENTENCE),
    # BAAI/bge-small-zh-v1.5, -base-, -large-
    (r"\bbge-(small|base|large)-zh", Prefixes("为这个句子生成表示以用于检索相关文章：")),
    # mixedbread-ai/mxbai-embed-large-v1
    (r"mxbai-embed-large", _SENTENCE),
    # Snowflake/snowflake-arctic-embed-m-v2.0, -l-v2.0
    (r"arctic-embed.*-v2", Prefixes("query: ")),
    # Snowflake/snowflake-arctic-embed-xs, -s, -m, -m-long, -l, -m-v1.5
    (r"arctic-embed", _SENTENCE),
)
_BY_ARCHITECTURE = {
    "nomic-bert": Prefixes("search_query: ", "search_document: "),
    "nomic-bert-moe": Prefixes("search_query: ", "search_document: "),
    "gemma-embedding": Prefixes("task: search result | query: ", "title: none | text: "),
}
_NAMES = ("general.name", "general.basename", "general.finetune")


def find_prefixes(entries: Mapping[str, Any]) -> Prefixes:
    """Return the prefixes for a GGUF file by its metadata entries; `NO_PREFIXES` for a model that is not known."""
    names = " ".join(str(entries.get(key, "")) for key in _NAMES)
    normalized = re.sub(r"[\s_]+", "-", names.casefold())
    for pattern, prefixes in _BY_NAME:
        if re.search(pattern, normalized):
            return prefixes
    return _BY_ARCHITECTURE.get(str(entries.get("general.architecture")), NO_PREFIXES)
