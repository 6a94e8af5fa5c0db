"""Tokens of earlier completions, so that the next turn's prompt contains exactly the tokens that are in the KV cache.

A text has many tokenizations, and a model seldom generates the one that the tokenizer would choose. If an answer were
tokenized again for the next turn, its tokens would differ from the cached ones, and everything behind the first difference
would be prefilled again.
"""

from collections import OrderedDict
from threading import Lock

MAX_TOKENS = 500_000
"""Maximum number of tokens of all stored completions; the least recently used completions are evicted."""


class CompletionTokens:
    """Stores completions by conversation and text. Written by the engine's thread, read by the thread of calls."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._completions: OrderedDict[tuple[str, str], list[int]] = OrderedDict()
        self._size = 0

    def store(self, conversation: str, content: str, tokens: list[int]) -> None:
        """Store the tokens of a completion. Do nothing if its text is blank."""
        key = (conversation, content.strip())
        if not key[1]:
            return
        with self._lock:
            self._size += len(tokens) - len(self._completions.pop(key, []))
            self._completions[key] = tokens
            while self._size > MAX_TOKENS:
                self._size -= len(self._completions.popitem(last=False)[1])

    def find(self, conversation: str, content: str) -> list[int] | None:
        """Return the tokens of a completion, by its text without surrounding whitespace; None if they are not stored."""
        key = (conversation, content.strip())
        with self._lock:
            if key in self._completions:
                self._completions.move_to_end(key)
            return self._completions.get(key)
