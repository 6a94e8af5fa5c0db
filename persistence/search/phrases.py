"""Words in double quotes: a passage holds them as they are written, or is not found.

FTS5 looks up which passages could: its stems and its blindness for signs let more through than were meant, so each
candidate's text is then held against a pattern. What is quoted may be anything, and stays text.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from persistence.search.words import RUN, WORD, neighbours, quoted
from records.values.text import encodable

MOST_PHRASES = 8
"Phrases that are held to; what a query quotes beyond that is looked for as words."

_QUOTED = re.compile(r"""(?<![0-9A-Za-z])(?:"(\S[^"]*)"|“(\S[^“”]*)”|„(\S[^„“”]*)[“”])(?![0-9A-Za-z])""")
"""No sign of inches opens a quotation: that follows a number."""
_SAME_SIGN = str.maketrans({"‘": "'", "’": "'", "\u2010": "-", "\u2011": "-", "\u00ad": None, "\0": " "})
_COLUMNS = "{text context bigrams}"


@dataclass(frozen=True, slots=True)
class Phrase:
    """`match` is what FTS5 is asked: at least those passages that hold it."""

    text: str
    match: str
    pattern: re.Pattern[str]


def find_phrases(text: str) -> tuple[Phrase, ...]:
    """The distinct quoted parts of a query that have a word, in their order."""
    quotations = (next(filter(None, found.groups())) for found in _QUOTED.finditer(encodable(text)))
    distinct = dict.fromkeys(" ".join(_plain(quotation).split()) for quotation in quotations)
    with_words = [phrase for phrase in distinct if WORD.search(phrase)]
    return tuple(Phrase(phrase, _match(phrase), _pattern(phrase)) for phrase in with_words[:MOST_PHRASES])


def holds_all(phrases: Sequence[Phrase], *texts: str) -> bool:
    """Whether each phrase stands in one of the texts, whatever its case, line breaks and kinds of hyphens."""
    plain = [_plain(text) for text in texts]
    return all(any(phrase.pattern.search(text) for text in plain) for phrase in phrases)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.translate(_SAME_SIGN))


def _match(phrase: str) -> str:
    """One phrase of FTS5; in a script without spaces all its parts, since they are indexed in a column of their own."""
    runs = RUN.findall(phrase)
    if not runs:
        return f"{_COLUMNS} : {quoted(phrase)}"
    words = WORD.findall(RUN.sub(" ", phrase))
    parts = [f"{_COLUMNS} : {quoted(word)}" for word in words]
    parts += [f"bigrams : {quoted(' '.join(neighbours(run)) or run)}" for run in runs]
    return f"({' AND '.join(parts)})"


def _pattern(phrase: str) -> re.Pattern[str]:
    """Whole words; a number goes on behind a point, so `1.2` is not in `1.2.3`."""
    body = r"\s+".join(re.escape(part) for part in phrase.split(" "))
    before = r"(?<!\w)(?<!\d\.)" if _ends_a_word(phrase[0]) else ""
    after = r"(?!\w)(?!\.\d)" if _ends_a_word(phrase[-1]) else ""
    return re.compile(before + body + after, re.IGNORECASE)


def _ends_a_word(character: str) -> bool:
    return bool(re.match(r"\w", character)) and not RUN.match(character)
