"""Late interaction: the similarity of a prompt and a text, token by token instead of by one vector each.

For each token of the prompt the most similar token of the text is found; the mean of these cosines is the score. Source:
MaxSim of Khattab and Zaharia, "ColBERT", 2020, here over the token vectors of a model that was trained for vectors of texts.
"""

from typing import Any

import torch

CONTENT = slice(1, -1)
"""Slice of a text's token vectors that leaves out the special tokens at its beginning and end."""


def token_vectors(model: Any, texts: list[str]) -> list[Any]:
    """Return a float32 matrix of unit vectors for each text. It has one row for each token, so it may have no rows."""
    found = model.encode(
        texts, batch_size=len(texts), output_value="token_embeddings", show_progress_bar=False, convert_to_numpy=False
    )
    return [torch.nn.functional.normalize(matrix[CONTENT].float(), dim=1) for matrix in found]


def similarity(prompt: Any, text: Any) -> float:
    """Return the score of two matrices of token vectors, from -1 to 1; 0 if one of them has no rows."""
    if not len(prompt) or not len(text):
        return 0.0
    return float((prompt @ text.T).max(dim=1).values.mean())
