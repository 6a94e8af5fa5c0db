"""Removal of near-duplicates: the same text in two files, in an older draft, or in another format.

Near-duplicates would displace passages with other content. But a text that differs by one word may state the opposite. A
passage is therefore a near-duplicate only if both hold: nearly all its words occur in the same order in a better ranked
passage (Jaccard similarity of three-word shingles; Broder, "On the resemblance and containment of documents", 1997), and it
adds no number, no name and no negation. The reasons for this rule are in docs/decisions/0016.
"""

import re
from collections import Counter
from dataclasses import dataclass

SHINGLE_WORDS = 3
MIN_SIMILARITY = 0.9
"""Lowest Jaccard similarity of near-duplicates. About one word in 57 may differ."""

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W_]+")
"""In scripts without spaces, each character is a word."""
_NEGATIONS = frozenset(
    """
    no not t never none nor without cannot nothing nobody neither except unless
    aucun jamais ne ni pas sans kein keine keinen nicht nie niemals ohne nada ni no nunca sin tampoco ma mai non senza
    nem não sem geen niet nooit zonder bez ne nie nikdy ни не нет без 不 没 無 无 非 未 ない 안 못
    """.split()  # noqa: SIM905  # a literal list would have one word a line
)


@dataclass(frozen=True, slots=True)
class _Passage:
    """The features of a passage by which it is compared with others."""

    normalized: str
    "The text in lower case, with single spaces."
    spellings: frozenset[str]
    "Its words as they are written."
    words: Counter[str]
    "Its words in lower case."
    shingles: frozenset[tuple[str, ...]]


class NearDuplicates:
    """A filter of passages, best first. `dropped` counts those that were rejected."""

    def __init__(self) -> None:
        self._admitted: list[_Passage] = []
        self._texts: set[str] = set()
        self._by_shingle: dict[tuple[str, ...], list[int]] = {}
        "Positions in `_admitted` by shingle. A passage is compared only with admitted passages that share a shingle."
        self.dropped = 0

    def admit(self, text: str) -> bool:
        """Admit the text and return True, unless it is a near-duplicate of a text that was admitted before."""
        passage = _analyze(text)
        if passage.normalized in self._texts or self._is_near_duplicate(passage):
            self.dropped += 1
            return False
        for shingle in passage.shingles:
            self._by_shingle.setdefault(shingle, []).append(len(self._admitted))
        self._admitted.append(passage)
        self._texts.add(passage.normalized)
        return True

    def _is_near_duplicate(self, passage: _Passage) -> bool:
        shared = Counter(place for shingle in passage.shingles for place in self._by_shingle.get(shingle, ()))
        return any(_repeats(passage, self._admitted[place], count) for place, count in shared.items())


def _analyze(text: str) -> _Passage:
    words = _WORD.findall(text)
    folded = [word.casefold() for word in words]
    shingles = frozenset(zip(*(folded[start:] for start in range(SHINGLE_WORDS)), strict=False))
    return _Passage(" ".join(text.casefold().split()), frozenset(words), Counter(folded), shingles)


def _repeats(later: _Passage, earlier: _Passage, shared: int) -> bool:
    """Return whether `later` repeats `earlier`; `shared` is the number of common shingles."""
    union = len(later.shingles) + len(earlier.shingles) - shared
    return shared >= MIN_SIMILARITY * union and not _adds_a_fact(later, earlier)


def _adds_a_fact(later: _Passage, earlier: _Passage) -> bool:
    """Return whether `later` adds a fact to `earlier`: a number, a name, or a word of one character; or another negation."""
    gained, lost = later.words - earlier.words, earlier.words - later.words
    if not _NEGATIONS.isdisjoint(gained.keys() | lost.keys()):
        return True
    return any(len(word) == 1 or not word.islower() for word in later.spellings if word.casefold() in gained)
