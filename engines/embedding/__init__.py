"""Text embedding: texts become unit vectors, in worker processes.

The light embedder is all-MiniLM-L6-v2, installed with the server. A deep embedder is optional: a larger model that the
administrator names. Each has two workers: one for prompts, for which users wait, and one for documents, at idle priority.

In the server's process, without native libraries: `client` and `deep_client` (the workers of the two embedders), `protocol`,
`bundled_model` and `model_discovery` (files of models), `prefixes` (texts that GGUF models expect in front of prompts and
documents). In the worker's process: `worker/main` runs sentence-transformers models, `worker/gguf_main` GGUF models.
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
