"""Messages between the server and the reranking worker."""

import msgspec


class Start(msgspec.Struct, frozen=True):
    """Arguments of the worker."""

    folder: str
    "Folder of a sentence-transformers cross-encoder."
    threads: int


class Score(msgspec.Struct, tag=True, frozen=True):
    """Score texts for a prompt. Reply: `Scores`."""

    prompt: str
    texts: list[str]


Request = Score


class Scores(msgspec.Struct, frozen=True):
    scores: list[float]
    "In the order of the texts; higher is better, on a scale that depends on the model."
