"""Quoted parts of a query: a passage is a hit only if it contains them as they are written.

FTS5 finds candidates: it stems words and ignores punctuation and accents, so it returns more than the passages that
contain a quotation. The text of each candidate is then compared with a pattern. Any character inside quotes is text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from persistence.search.query import Phrase
from persistence.search.tokenizer import MARKS, RUN, SPACELESS, WORD, search_form, tokenize
from records.values.text import comparison_key

MAX_QUOTATIONS = 8
"""Maximum number of quotations of a query that hits must contain. Words of further quotations are searched like others."""

COLUMNS = "{text context}"
"""Columns of `chunks_fts` with whole texts."""

_QUOTED = re.compile(r"""(?<![0-9a-z])(?:"(\S[^"]*)"|“(\S[^“”]*)”|„(\S[^„“”]*)[“”])(?![0-9a-z])""")
"""A quotation in a comparison key. A mark after a number is a sign of inches and opens none."""

_SAME_SIGN = str.maketrans({"‘": "'", "’": "'", "\u2010": "-", "\0": " "})
_WORD_CHARACTER = rf"(?![{SPACELESS}])[\w{MARKS}]"
"""A character that continues a word: a letter, number, underscore or mark of a script with spaces."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quoted part of a query. The phrase matches at least the passages that the pattern matches."""

    phrase: Phrase
    pattern: re.Pattern[str]


@lru_cache(maxsize=64)
def find_quotations(query: str) -> tuple[Quotation, ...]:
    """Return the first `MAX_QUOTATIONS` distinct quoted parts of a query that contain a word, in their order."""
    quotations = (next(filter(None, found.groups())) for found in _QUOTED.finditer(_comparable(query)))
    distinct = dict.fromkeys(" ".join(quotation.split()) for quotation in quotations)
    with_words = [text for text in distinct if WORD.search(text)]
    return tuple(Quotation(_phrase(text), _pattern(text)) for text in with_words[:MAX_QUOTATIONS])


def contains_all(quotations: Sequence[Quotation], *texts: str) -> bool:
    """Return whether each quotation occurs in one of the texts.

    Case, Unicode form, kinds of white space, hyphens and apostrophes are ignored.
    """
    comparable = [_comparable(text) for text in texts]
    return all(any(quotation.pattern.search(text) for text in comparable) for quotation in quotations)


def _comparable(text: str) -> str:
    return comparison_key(text).translate(_SAME_SIGN)


def _phrase(text: str) -> Phrase:
    """Return the text's tokens as a phrase.

    It is open if its last token is a single character of a script without spaces, because passages are indexed by pairs of
    characters.
    """
    tokens = list(tokenize(search_form(text)))
    is_run = RUN.match(tokens[-1].text) is not None
    if is_run and len(tokens) > 1 and tokens[-2].end == tokens[-1].end:
        tokens.pop()
        is_run = False
    return Phrase(" ".join(token.text for token in tokens), is_run)


def _pattern(text: str) -> re.Pattern[str]:
    """Return a pattern of whole words. A number continues after a point, so that `1.2` does not occur in `1.2.3`."""
    body = r"\s+".join(re.escape(part) for part in text.split(" "))
    before = rf"(?<!{_WORD_CHARACTER})(?<!\d\.)" if re.match(_WORD_CHARACTER, text[0]) else ""
    after = rf"(?!{_WORD_CHARACTER})(?!\.\d)" if re.match(_WORD_CHARACTER, text[-1]) else ""
    return re.compile(before + body + after)
