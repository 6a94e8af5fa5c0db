"""Decisions about hyphens at line ends: they divide a word, or belong to a compound such as `well-known`."""

import re
from collections.abc import Callable, Iterable

HYPHEN_AT_LINE_END = "\u2010"
"""Character that the PDF reader writes for a soft hyphen at a line end, which certainly divides a word."""
_FIRST_PART = re.compile(r"([^\W_]+(?:[-\u2010\u2011][^\W_]+)*)[-\u2010\u00ad]$")
_SECOND_PART = re.compile(r"([^\W_]+)")
_WORD = re.compile(r"[^\W\d_]{2,}(?:-[^\W\d_]+)*")
_SUSPENDED = re.compile(r"(?:and|or|to|und|oder|bis|et|ou|y|o|e)\b", re.I)
"""Words that follow a hyphen which stands for an omitted part, as in `pre- and post-war`."""
_MAX_WORDS = 200_000
"""Maximum number of distinct words of a document that are stored as evidence."""


class WordEvidence:
    """Decides whether to keep a hyphen at a line end, by the words of the document and of an English dictionary.

    `is_word` looks a word up in the dictionary. It is used only for English documents: those that contain the word `the`.
    """

    def __init__(self, is_word: Callable[[str], bool]) -> None:
        self._is_word = is_word
        self._seen: set[str] = set()

    def learn(self, texts: Iterable[str]) -> None:
        """Store the words of lines as evidence, except the last word of each line, which may be incomplete."""
        for text in texts:
            if len(self._seen) < _MAX_WORDS:
                self._seen.update(_WORD.findall(text.casefold().rpartition(" ")[0]))

    def join(self, text: str, line: str) -> str | None:
        """Return `text` and the next line joined at the hyphen between them, which is kept if it belongs to a compound.

        Return None if the text does not end in a hyphen that connects it with the line.
        """
        first, second = _FIRST_PART.search(text), _SECOND_PART.match(line)
        if not first or not second or _SUSPENDED.match(line):
            return None
        if text.endswith((HYPHEN_AT_LINE_END, "\u00ad")):
            return text[:-1] + line
        return (text if self._keeps_hyphen(first[1], second[1]) else text[:-1]) + line

    def _keeps_hyphen(self, first: str, second: str) -> bool:
        if not second[0].islower() or first[-1].isdigit() or len(first) == 1 or "-" in first or first.isupper():
            return True
        joined, compound = f"{first}{second}".casefold(), f"{first}-{second}".casefold()
        if compound in self._seen:
            return joined not in self._seen
        if joined in self._seen or "the" not in self._seen:
            return False
        return not self._is_word(joined) and self._knows(first) and self._knows(second)

    def _knows(self, word: str) -> bool:
        return len(word) > 2 and (self._is_word(word.casefold()) or word.casefold() in self._seen)
