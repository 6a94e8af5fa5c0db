"""Late interaction: how well a text answers a prompt, token by token instead of vector by vector.

Each token of the prompt looks for the token of the text that is nearest to it; the mean of these cosines is the score (the
MaxSim of Khattab and Zaharia, "ColBERT", 2020, over token vectors of a model that was trained for whole texts).
"""

from typing import Any

import torch

SPECIAL = slice(1, -1)
"The model's marks for begin and end stand for no word."


def token_vectors(model: Any, texts: list[str]) -> list[Any]:
    """A matrix of unit vectors for each text, one row a token, in float32; empty where a text has no token."""
    found = model.encode(
        texts, batch_size=len(texts), output_value="token_embeddings", show_progress_bar=False, convert_to_numpy=False
    )
    return [torch.nn.functional.normalize(matrix[SPECIAL].float(), dim=1) for matrix in found]


def similarity(prompt: Any, text: Any) -> float:
    """-1 to 1; 0 where one of them has no token."""
    if not len(prompt) or not len(text):
        return 0.0
    return float((prompt @ text.T).max(dim=1).values.mean())
