"""Passages that say what another one has said already: the same text in two files, an older draft, a page in two formats.

They would take the places of passages that say something. But what differs by one word may say the opposite, so a passage
is taken for a repeat only where all but a few of its words stand in the same order in one before it (Jaccard similarity of
three-word shingles; Broder, "On the resemblance and containment of documents", 1997), and what it has beyond that one is no
number, no name and no negation. Why so strict: decision 0016.
"""

import re
from collections import Counter
from dataclasses import dataclass

SHINGLE = 3
ALIKE = 0.9
"Least similarity: about one word in 57 may differ."

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W_]+")
"A script without spaces goes by its characters."
_NEGATIONS = frozenset(
    """
    no not t never none nor without cannot nothing nobody neither except unless
    aucun jamais ne ni pas sans kein keine keinen nicht nie niemals ohne nada ni no nunca sin tampoco ma mai non senza
    nem não sem geen niet nooit zonder bez ne nie nikdy ни не нет без 不 没 無 无 非 未 ない 안 못
    """.split()  # noqa: SIM905  # a list of it would be a line a word
)


@dataclass(frozen=True, slots=True)
class _Said:
    plain: str
    "The text without its line breaks and capitals."
    spelled: frozenset[str]
    "Its words as they are written."
    folded: Counter[str]
    shingles: frozenset[tuple[str, ...]]


class NearDuplicates:
    """What was said so far. `dropped` counts what was said again."""

    def __init__(self) -> None:
        self._said: list[_Said] = []
        self._plain: set[str] = set()
        self._saying: dict[tuple[str, ...], list[int]] = {}
        "Which of them have a shingle: no text is compared with one that it shares nothing with."
        self.dropped = 0

    def is_new(self, text: str) -> bool:
        """Also remembers what is new."""
        said = _read(text)
        if said.plain in self._plain or self._was_said(said):
            self.dropped += 1
            return False
        for shingle in said.shingles:
            self._saying.setdefault(shingle, []).append(len(self._said))
        self._said.append(said)
        self._plain.add(said.plain)
        return True

    def _was_said(self, said: _Said) -> bool:
        shared = Counter(earlier for shingle in said.shingles for earlier in self._saying.get(shingle, ()))
        return any(_repeats(said, self._said[earlier], count) for earlier, count in shared.items())


def _read(text: str) -> _Said:
    words = _WORD.findall(text)
    folded = [word.casefold() for word in words]
    shingles = frozenset(zip(*(folded[start:] for start in range(SHINGLE)), strict=False))
    return _Said(" ".join(text.casefold().split()), frozenset(words), Counter(folded), shingles)


def _repeats(later: _Said, earlier: _Said, shared: int) -> bool:
    together = len(later.shingles) + len(earlier.shingles) - shared
    return shared >= ALIKE * together and not _says_more(later, earlier)


def _says_more(later: _Said, earlier: _Said) -> bool:
    """Whether a word that the later one alone has is a number, a name or a sign; or one of them denies more."""
    gained, lost = later.folded - earlier.folded, earlier.folded - later.folded
    if not _NEGATIONS.isdisjoint(gained.keys() | lost.keys()):
        return True
    return any(len(word) == 1 or not word.islower() for word in later.spelled if word.casefold() in gained)
