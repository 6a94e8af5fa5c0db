"""The light embedder: texts become unit vectors of all-MiniLM-L6-v2, in processes of their own.

Prompts, which people wait for, and documents, which can wait, are embedded by two processes at two priorities. Nothing
heavy is imported on this side; only `worker` and `probe`, which run in those processes, know torch.
"""

from engines.embedding.embedder import Embedder, WorkerEmbedder, document_worker, open_embedder, prompt_worker
from engines.embedding.folder import EmbedderMissing, bundled_folder

__all__ = [
    "Embedder",
    "EmbedderMissing",
    "WorkerEmbedder",
    "bundled_folder",
    "document_worker",
    "open_embedder",
    "prompt_worker",
]
