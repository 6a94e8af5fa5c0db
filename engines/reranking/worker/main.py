"""The reranking worker: one cross-encoder from a folder, one call at a time."""

from typing import Any, NoReturn

import numpy as np
import torch
from sentence_transformers import CrossEncoder

from engines.embedding.worker.padding import pad_to_steps
from engines.reranking.protocol import Request, Score, Scores, Start
from workers.child import Call, CallFailure, Link, serve

__all__ = ["Request", "Start", "run"]

NOT_ONE_SCORE = "NOT_ONE_SCORE"


class Program:
    """A loaded cross-encoder."""

    def __init__(self, start: Start) -> None:
        torch.set_num_threads(start.threads)
        self._model: Any = CrossEncoder(start.folder, device="cpu", local_files_only=True)
        pad_to_steps(self._model)

    def handle(self, call: Call) -> Scores:
        request: Score = call.request
        pairs = [(request.prompt, text) for text in request.texts]
        scores = np.asarray(self._model.predict(pairs, batch_size=max(1, len(pairs)), show_progress_bar=False))
        if scores.shape != (len(pairs),):
            message = f"The model returns {scores[0].size} numbers for a passage, but one score is needed."
            raise CallFailure(NOT_ONE_SCORE, message)
        return Scores([float(score) for score in scores])


def run(link: Link, start: Start) -> NoReturn:
    """Run the worker. Called by the harness of worker processes."""
    serve(link, Program(start).handle)
