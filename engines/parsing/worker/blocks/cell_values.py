"""Classification of the texts in table cells: numbers with their signs, dates, and periods such as `2022` or `Q3`.

A value is a number, or a sign for no number, such as a dash. A period can be a column's name although it is a number.
"""

import re
from enum import Enum, auto

CURRENCY = r"(?:(?:US|C|A|HK|NZ|S|R|CA|AU)?[$€£¥₹₩₽₺₪฿]|USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|Rs\.?|kr\.?|SEK|NOK|DKK|zł|RM)"
FOOTNOTE = r"(?:\s*\((?:\d{1,2}|[a-z])\)|\s*[*†‡§#¹²³⁴⁵⁶⁷⁸⁹⁰]+)"
_AMOUNT = r"(?:\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+|\d[\d.,]*|\.\d+)(?:[.,]\d+)?"
UNIT = r"(?:%|‰|x|bps|bp|pp|pts?|°C|°F|°)"
_SIGN = r"[-+−–—±~<>≤≥]"
_NUMBER = re.compile(
    rf"\(?\s*{_SIGN}?\s*{CURRENCY}?\s*\(?\s*{_SIGN}?\s*{_AMOUNT}\s*{UNIT}?\s*\)?\s*(?:{UNIT}|{CURRENCY})?\s*\)?{FOOTNOTE}?",
    re.I,
)
_MAX_VALUE = 40
_DIGIT = re.compile(r"\d")
_RANGE = re.compile(r"\s+[-–—]\s+|(?<=\d)[–—](?=\d)")
_DASH = re.compile(rf"{CURRENCY}?\s*(?:[-–—―−‒]+|\.{{2,3}}|…)\s*(?:%|\)|{CURRENCY})?{FOOTNOTE}?")
_NO_VALUE = re.compile(rf"(?:n/?a|n\.a\.|n/?m|nm|nil|none|\*+|†+){FOOTNOTE}?", re.I)
_YEAR = r"(?:19|20)\d\d"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\.?"
)
_PERIOD = re.compile(
    rf"(?:fy|cy|fiscal|year|h[12]|[1-4]?q[1-4]?)?[\s'’]*(?:{_YEAR}|fy\s?'?\d\d|[1-4]?q[1-4]?[\s'’]?\d\d)(?:\s?[/–-]\s?(?:\d\d|{_YEAR}))?"
    rf"[ae*]?{FOOTNOTE}?|{_MONTH}(?:\s+\d{{1,2}},?)?(?:\s+{_YEAR})?{FOOTNOTE}?|\d{{1,2}}/\d{{1,2}}/(?:{_YEAR}|\d\d)",
    re.I,
)
_PERIOD_INSIDE = re.compile(
    rf"\b(?:{_YEAR}|{_MONTH}|quarters?|months?|weeks?|years?|fiscal|ended|ending|as of|q[1-4])\b", re.I
)
_TIME = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?[ap]\.?m\.?)?"
_DAY = (
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}|"
    rf"\d{{1,2}}[-. /]\s?{_MONTH}[-. /,]\s?\d{{2,4}}|{_MONTH}[- ]\d{{1,2}},? \d{{4}})"
)
_DATE = re.compile(rf"{_DAY}(?:[T ,]\s?{_TIME}(?:Z|[+-]\d\d:?\d\d)?)?|{_TIME}", re.I)
_QUANTITY = re.compile(r"[-+–−]?[$€£¥]?\s?\d[\d.,:/ -]*\s?[^\W\d_]{0,4}[%°²³]?", re.I)
_FIRST_NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?")


class ValueKind(Enum):
    """The kind of a cell's text. A first row whose kinds differ from those of the rows below is a header."""

    EMPTY = auto()
    NUMBER = auto()
    "A number with its signs, with or without a short unit."
    DATE = auto()
    "A date or a time."
    TEXT = auto()


def kind_of(text: str) -> ValueKind:
    """Return the kind of a cell's text, which must be on one line."""
    if not text:
        return ValueKind.EMPTY
    if len(text) <= _MAX_VALUE and _DATE.fullmatch(text):
        return ValueKind.DATE
    return ValueKind.NUMBER if is_quantity(text) else ValueKind.TEXT


def is_quantity(text: str) -> bool:
    """Return True for a number with its signs and for a number with a short unit, such as `1.8 m`."""
    return is_value(text) or (len(text) <= _MAX_VALUE and bool(_QUANTITY.fullmatch(text)))


def number_in(text: str) -> float | None:
    """Return the first number in a text, whose decimal sign must be a point; None for a text without a number."""
    match = _FIRST_NUMBER.search(text)
    return float(match[0].replace("−", "-")) if match else None


def is_value(text: str) -> bool:
    """Return True for a number with its signs, and for a sign that stands for no number, such as a dash."""
    if len(text) > _MAX_VALUE or (len(text) > 4 and not _DIGIT.search(text)):
        return False
    if _NUMBER.fullmatch(text) or _DASH.fullmatch(text) or _NO_VALUE.fullmatch(text):
        return True
    limits = _RANGE.split(text)
    return len(limits) == 2 and all(map(_NUMBER.fullmatch, limits))


def is_period(text: str) -> bool:
    """Return True for a text that is a year, a quarter, a month or a date, and nothing else."""
    return bool(_PERIOD.fullmatch(text))


def mentions_period(text: str) -> bool:
    """Return True if a text contains a period or words such as `Three months ended`."""
    return bool(_PERIOD_INSIDE.search(text))
