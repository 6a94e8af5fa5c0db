"""The very tokens that answers were written in, so that the next turn's prompt holds the same ones.

A text can be written in tokens in many ways, and a model seldom writes it as a tokenizer would. Read anew, its answer would
differ from what the cache holds a few tokens in, and all behind that would be read again.
"""

from collections import OrderedDict
from threading import Lock

MOST_TOKENS = 500_000
"""Kept in all; the least recently used go first."""


class CompletionTokens:
    """Written by the engine's thread, read by the one that prepares prompts."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: OrderedDict[tuple[str, str], list[int]] = OrderedDict()
        self._size = 0

    def remember(self, conversation: str, content: str, tokens: list[int]) -> None:
        key = (conversation, content.strip())
        if not key[1]:
            return
        with self._lock:
            self._size += len(tokens) - len(self._answers.pop(key, []))
            self._answers[key] = tokens
            while self._size > MOST_TOKENS:
                self._size -= len(self._answers.popitem(last=False)[1])

    def find(self, conversation: str, content: str) -> list[int] | None:
        key = (conversation, content.strip())
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)
