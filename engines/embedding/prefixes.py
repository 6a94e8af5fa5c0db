"""What embedders want in front of prompts and of documents, for models whose files do not say it: GGUF.

A model that was trained with such words finds worse without them, and never says so. They are those of the models' own
cards; each family is known by the name in the file's header, where the name says nothing by its architecture.
sentence-transformers models carry theirs in their own folder.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Prefixes:
    prompt: str = ""
    document: str = ""


NONE = Prefixes()
_TASK = "Given a web search query, retrieve relevant passages that answer the query"
_SENTENCE = Prefixes("Represent this sentence for searching relevant passages: ")

_BY_NAME = (
    # The card that says it, and the names that its models and their GGUF files go by.
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


def prefixes_of(entries: Mapping[str, Any]) -> Prefixes:
    """For the header's entries of a GGUF file; `NONE` for models that want none, and for those that nobody knows."""
    names = " ".join(str(entries.get(key, "")) for key in _NAMES)
    normalized = re.sub(r"[\s_]+", "-", names.casefold())
    for pattern, prefixes in _BY_NAME:
        if re.search(pattern, normalized):
            return prefixes
    return _BY_ARCHITECTURE.get(str(entries.get("general.architecture")), NONE)
