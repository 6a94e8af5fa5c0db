"""Padding of texts to a few lengths, and prompts without padding, on the bundled model."""

from typing import Any

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from engines.embedding import bundled_folder
from engines.embedding.worker.padding import LENGTH_STEP, pad_to_steps, without_padding

TEXT = "How much torque does bolt A take?"


@pytest.fixture(scope="module")
def model() -> Any:
    model = SentenceTransformer(str(bundled_folder()), device="cpu", local_files_only=True)
    pad_to_steps(model)
    return model


def padded_length(model: Any) -> int:
    return int(model.preprocess([TEXT])["input_ids"].shape[1])


def test_texts_are_padded_outside_of_the_block_only(model: Any) -> None:
    assert padded_length(model) % LENGTH_STEP == 0
    with without_padding(model):
        assert padded_length(model) % LENGTH_STEP != 0
    with pytest.raises(ValueError, match="no text"), without_padding(model):
        raise ValueError("no text")
    assert padded_length(model) % LENGTH_STEP == 0


def test_padding_does_not_change_a_vector(model: Any) -> None:
    padded = model.encode_query([TEXT], show_progress_bar=False)[0]
    with without_padding(model):
        bare = model.encode_query([TEXT], show_progress_bar=False)[0]
    assert np.dot(padded, bare) == pytest.approx(1.0, abs=1e-5)
