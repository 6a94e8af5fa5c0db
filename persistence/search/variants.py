"""Variants: further spellings under which the full-text index finds a word, kept in a column of their own.

A token of the text column has neither signs nor capitals, and a number with separators is several tokens. The variants
add what is lost: `C++` and `.NET` with their signs, stop words in capitals (`IT`), numbers, phone numbers and part
numbers without separators, and words without accents. They consist of characters that a search form never contains
(full-width letters and signs) where they must differ from ordinary tokens.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from persistence.search.stop_words import STOP_WORDS
from persistence.search.tokenizer import (
    ASCII_WORD,
    RUN,
    WORD,
    Token,
    has_ascii_words,
    index_tokens,
    search_form,
    translate_hints,
)

_MIN_SERIAL_DIGITS, _MAX_SERIAL_DIGITS = 7, 19
"""Minimum and maximum number of digits of a number in groups that is no amount, such as a phone or account number."""
MAX_CAPITALS = 6
"""Maximum number of letters of a word in capitals that has a variant of its own."""

GROUPED = re.compile(
    r"(?<![\w.,])(?:\d{1,3}(?P<separator>[,.'’_ ])\d{3}(?:(?P=separator)\d{3})*|\d{1,2}(?:,\d{2})+,\d{3})(?!\d)"
)
"""A number with separators of thousands: `1,250,000`, `1.250.000`, `1 250 000`, `1'250'000` or `12,50,000`."""
_SERIAL = re.compile(r"(?<![\w.,+])(?:\+|00)?\(?\d{1,14}(?:\)?[ ./()-]{1,2}\(?\d{1,14}){1,9}(?![\w]|[.,]\d)")
"""Digits in groups: a phone number, a date, an ISBN or an account number."""
_ACCOUNT = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?: [a-z0-9]{4}){2,7}(?: [a-z0-9]{1,3})?(?!\w)")
"""An international bank account number in groups of four characters."""
_COMPOUND = re.compile(r"(?<!\w)[a-z0-9]+(?:[-_/][a-z0-9]+){1,5}(?!\w)")
"""Groups of letters and digits joined by `-`, `_` or `/`: part numbers such as `KX-3007`, but also joined words."""
_SIGNS_AFTER = re.compile(r"(?<![\w.])[a-z][a-z0-9]{0,15}(?:\+{1,2}|#)(?![^\W\d])")
_SIGNS_BEFORE = re.compile(r"(?<![\w.@#$/-])(?:[.@#$]|--)[a-z]\w*")
"""A word with signs that belong to it: `C++`, `C#`; `.NET`, `#channel`, `@user`, `$HOME`, `--force`."""
_CAPITALS = re.compile(
    rf"(?<![\w.+#'’])(?:(?:[A-Z]\.){{2,{MAX_CAPITALS}}}(?!\w)|(?:[A-Z]\.)+[A-Z](?!\w)|[A-Z]{{1,{MAX_CAPITALS}}}(?![\w+#'’]))"
)
"""A short word in capitals, also with points: `IT`, `U.S.`"""

_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
"""ASCII characters as their full-width forms."""
_WIDE_SIGNS = {ord(sign): ord(sign) + 0xFEE0 for sign in "+#.@$-_"}

_LATIN_OR_GREEK_ACCENTS = re.compile("(?<=[a-z\u0250-\u02af\u0370-\u03ff])[\u0300-\u036f]+")
_OTHER_MARKS = re.compile(
    "(?<=\u0435)\u0308|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670\u093c]"
)
"""The diaeresis of the Cyrillic ё, Hebrew points, Arabic vowel and hamza signs and stretching, and the Indic nukta."""
_LETTERS = str.maketrans({
    "đ": "d", "ð": "d", "ø": "o", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
    "\u0649": "\u064a", "\u06cc": "\u064a", "\u06a9": "\u0643", "\u0629": "\u0647",
})  # fmt: skip
"""Letters that do not decompose, and Arabic letters that are typed for one another."""


def variants(form: str) -> Iterator[Token]:
    """Yield the variants of a text in its search form, except for those of capitals, with their spans."""
    for pattern in (GROUPED, _SERIAL):
        for found in pattern.finditer(form):
            for digits in without_separators(found[0]):
                yield Token(digits, *found.span())
    yield from compounds(form)
    yield from signed_words(form)
    if not has_ascii_words(form):
        yield from _folded_words(form)


def compounds(form: str) -> Iterator[Token]:
    """Return the part numbers and account numbers of a text in its search form without their separators."""
    for pattern in (_COMPOUND, _ACCOUNT):
        for found in pattern.finditer(form):
            if _has_letter_and_digit(joined := "".join(ASCII_WORD.findall(found[0]))):
                yield Token(joined, *found.span())


def signed_words(form: str) -> Iterator[Token]:
    """Yield the variants of the words with signs in a text in its search form, with their spans."""
    patterns = (_SIGNS_BEFORE, _SIGNS_AFTER) if "+" in form or "#" in form else (_SIGNS_BEFORE,)
    for pattern in patterns:
        for found in pattern.finditer(form):
            yield Token(found[0].translate(_WIDE_SIGNS), *found.span())


def _has_letter_and_digit(text: str) -> bool:
    return not text.isdigit() and not text.isalpha()


def numbers(form: str) -> Iterator[re.Match[str]]:
    """Return the numbers in groups of a text in its search form. They do not overlap."""
    found = [*GROUPED.finditer(form), *_ACCOUNT.finditer(form)]
    found += (each for each in _SERIAL.finditer(form) if any(without_separators(each[0])))
    end = 0
    for each in sorted(found, key=lambda match: (match.start(), -match.end())):
        if each.start() >= end:
            yield each
            end = each.end()


def capitals(text: str) -> Iterator[Token]:
    """Yield the variants of the stop words and single letters in capitals of a text in NFKC, with their spans.

    Other words in capitals have none: counted twice, an abbreviation such as USD outweighs the rest of a question.
    """
    for found in _CAPITALS.finditer(text):
        name = found[0].replace(".", "")
        if len(name) == 1 or name.lower() in STOP_WORDS:
            yield Token(name.translate(_WIDE), *found.span())


def index_variants(text: str) -> str:
    """Return all variants of a text, separated by single spaces."""
    found = [variant.text for variant in variants(search_form(text))]
    found += (variant.text for variant in capitals(with_capitals(text)))
    return " ".join(found)


def index_terms(text: str) -> str:
    """Return the tokens and the variants of a text, separated by single spaces."""
    return f"{index_tokens(text)} {index_variants(text)}".strip()


def with_capitals(text: str) -> str:
    """Return the search form of a text, except that capital letters stay capitals."""
    if text.isascii():
        return text
    hinted = translate_hints(text)
    return hinted if unicodedata.is_normalized("NFKC", hinted) else unicodedata.normalize("NFKC", hinted)


def without_separators(number: str) -> Iterator[str]:
    """Yield the digits of a number in groups. For a phone number with a country code, also yield the digits after the code.

    Yield nothing for a number that is no amount and has fewer than 7 or more than 19 digits.
    """
    digits = "".join(filter(str.isdigit, number))
    if GROUPED.fullmatch(number):
        yield digits
        return
    if not _MIN_SERIAL_DIGITS <= len(digits) <= _MAX_SERIAL_DIGITS:
        return
    is_international = number[0] == "+" or digits.startswith("00")
    yield digits.removeprefix("00") if is_international else digits
    if is_international:
        yield "".join(re.findall(r"\d+", number.removeprefix("00"))[1:])


def _folded_words(form: str) -> Iterator[Token]:
    for found in WORD.finditer(form):
        word = found[0]
        if not word.isascii() and not RUN.search(word) and (folded := fold(word)) != word:
            yield Token(folded, *found.span())


@lru_cache(maxsize=10_000)
def fold(word: str) -> str:
    """Return a word in its search form without accents, points and vowel signs, and with plain Latin letters."""
    plain = _LATIN_OR_GREEK_ACCENTS.sub("", unicodedata.normalize("NFD", word))
    return unicodedata.normalize("NFC", _OTHER_MARKS.sub("", plain)).translate(_LETTERS)
