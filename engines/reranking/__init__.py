"""Reranking: a slower look at the best candidates, each held against the prompt itself.

The light embedder's token vectors do it where nothing else is named; a cross-encoder that the administrator names does it
in a worker of its own, which is there only while it is used.
"""

from engines.reranking.choice import open_reranker
from engines.reranking.client import cross_encoder_worker, open_cross_encoder
from engines.reranking.reranker import LateInteraction, Reranker, RerankerFailed

__all__ = [
    "LateInteraction",
    "Reranker",
    "RerankerFailed",
    "cross_encoder_worker",
    "open_cross_encoder",
    "open_reranker",
]
