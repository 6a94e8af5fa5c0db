"""Which reranker is in force."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engines.reranking.client import cross_encoder_worker, open_cross_encoder
from engines.reranking.reranker import ComparesTokens, LateInteraction, Reranker


@asynccontextmanager
async def open_reranker(embedder: ComparesTokens, folder: Path | None) -> AsyncIterator[Reranker]:
    """The cross-encoder in `folder` where one is named, else late interaction."""
    if folder is None:
        yield LateInteraction(embedder)
        return
    async with open_cross_encoder(cross_encoder_worker(folder)) as cross_encoder:
        yield cross_encoder
