"""Writes a cross-encoder of random weights: `python -m tests.support.models.tiny_cross_encoder FOLDER LABELS`.

It runs as a separate program, so that the process of the tests does not import torch.
"""

import subprocess
import sys
from pathlib import Path

from tests.paths import ROOT

WORDS = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "bolt", "nut", "torque", "of", "a", "takes", "apple", "pie", "pump",
]  # fmt: skip


def write_cross_encoder(folder: Path, labels: int = 1) -> Path:
    """Write a model with `labels` outputs for each pair of texts."""
    command = [sys.executable, "-m", "tests.support.models.tiny_cross_encoder", str(folder), str(labels)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def _write(folder: Path, labels: int) -> None:
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(7)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS) + "\n")
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, num_labels=labels, initializer_range=1.0,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(vocab_file=str(vocabulary), model_max_length=64).save_pretrained(folder)


if __name__ == "__main__":
    _write(Path(sys.argv[1]), int(sys.argv[2]))
