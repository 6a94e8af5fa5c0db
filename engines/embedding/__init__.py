"""Embedders: texts become unit vectors in processes of their own. The light one is all-MiniLM-L6-v2; a deep one is optional.

Prompts, which people wait for, and documents, which can wait, are embedded by two processes at two priorities. Nothing
heavy is imported on this side; only `worker`, `gguf_worker`, `program` and `probe`, which run in those processes, know
numpy, torch and llama.cpp.
"""

from engines.embedding.bundled_model import EmbedderMissing, bundled_folder
from engines.embedding.client import Embedder, WorkerEmbedder, document_worker, open_embedder, prompt_worker
from engines.embedding.deep_client import DeepEmbedder, open_deep_embedder
from engines.embedding.model_discovery import (
    DeepEmbedderMissing,
    DeepEmbedderUnusable,
    EmbeddingModel,
    find_embedding_model,
)

__all__ = [
    "DeepEmbedder",
    "DeepEmbedderMissing",
    "DeepEmbedderUnusable",
    "Embedder",
    "EmbedderMissing",
    "EmbeddingModel",
    "WorkerEmbedder",
    "bundled_folder",
    "document_worker",
    "find_embedding_model",
    "open_deep_embedder",
    "open_embedder",
    "prompt_worker",
]
