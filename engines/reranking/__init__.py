"""Reranking: scores the best candidates of a search again, each together with the prompt.

By default the light embedder does this by late interaction, in its worker for prompts. An administrator can name a
cross-encoder instead; it runs in a worker process of its own, which exists only while it is used.

In the server's process: `reranker_selection` (the interface, late interaction, and the selection between the two),
`cross_encoder_client` (the cross-encoder's worker), `protocol`. In the worker's process: `worker/main`.
"""

from engines.reranking.cross_encoder_client import RerankerFailed, cross_encoder_worker, open_cross_encoder
from engines.reranking.reranker_selection import LateInteraction, Reranker, open_reranker

__all__ = [
    "LateInteraction",
    "Reranker",
    "RerankerFailed",
    "cross_encoder_worker",
    "open_cross_encoder",
    "open_reranker",
]
