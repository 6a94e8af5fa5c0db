"""Texts of like length take one path through a model, so that a process does not grow with every new length."""

from typing import Any

from sentence_transformers.sentence_transformer.modules import Transformer

LENGTH_STEP = 16
"Tokens: texts are padded to a multiple of it. 2,560 texts of all lengths then take 76 MiB beside the model, else 430."


def even_lengths(model: Any) -> None:
    """oneDNN keeps a program with its buffers for every length that it has seen, hundreds of MiB in the end.

    For models of sentence-transformers; those that do not begin with a transformer stay as they are.
    """
    if isinstance(model[0], Transformer):
        model[0].processing_kwargs.setdefault("text", {}).setdefault("pad_to_multiple_of", LENGTH_STEP)
