"""What the reranking worker is asked and what it answers."""

import msgspec


class Start(msgspec.Struct, frozen=True):
    folder: str
    "A sentence-transformers cross-encoder on disk."
    threads: int


class Score(msgspec.Struct, tag=True, frozen=True):
    prompt: str
    texts: list[str]


Request = Score


class Scores(msgspec.Struct, frozen=True):
    scores: list[float]
    "Higher is better, on a scale of the model's own; in the order of the texts."
