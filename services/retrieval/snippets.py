"""Snippets: the part of a passage that shows why it was found, with the matched words marked."""

import re
from collections.abc import Sequence

from records.retrieval import Snippet, TextSpan

SNIPPET_LENGTH = 320
_WORD_START = re.compile(r"\s\S")


def make_snippet(text: str, matches: Sequence[TextSpan], length: int = SNIPPET_LENGTH) -> Snippet:
    """Cut out the window of at most `length` code points with the most matches; without matches, the beginning.

    `matches` must be in order. The window starts and ends between words if there is whitespace nearby.
    """
    start = _densest_window(matches, length) if matches else 0
    start = min(start, max(0, len(text) - length))
    if start > 0:
        word = _WORD_START.search(text, max(0, start - 20), start + 1)
        start = word.start() + 1 if word else start
    end = min(len(text), start + length)
    if end < len(text):
        space = text.rfind(" ", start + length // 2, end)
        end = space if space > 0 else end
    inside = tuple(TextSpan(m.start - start, m.end - start) for m in matches if m.start >= start and m.end <= end)
    return Snippet(text[start:end], inside)


def _densest_window(matches: Sequence[TextSpan], length: int) -> int:
    """Return the start of the window with the most matches. An eighth of the window is before the first match."""
    best, best_count, left = 0, 0, 0
    for right, match in enumerate(matches):
        while match.end - matches[left].start > length:
            left += 1
        if right - left + 1 > best_count:
            best, best_count = matches[left].start, right - left + 1
    return max(0, best - length // 8)
