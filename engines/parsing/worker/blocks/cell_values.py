"""Values as text, in the cells of tables of any format: numbers with their signs, and periods, which can name columns."""

import re

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


def is_value(text: str) -> bool:
    """Return True for a number with its signs, and for the signs that stand for no number, such as a dash."""
    if len(text) > _MAX_VALUE or (len(text) > 4 and not _DIGIT.search(text)):
        return False
    if _NUMBER.fullmatch(text) or _DASH.fullmatch(text) or _NO_VALUE.fullmatch(text):
        return True
    limits = _RANGE.split(text)
    return len(limits) == 2 and all(map(_NUMBER.fullmatch, limits))


def is_period(text: str) -> bool:
    """Return True for a year, a quarter, a month or a date: they are names of columns, although they can be numbers."""
    return bool(_PERIOD.fullmatch(text))


def mentions_period(text: str) -> bool:
    """Return True if a text names a period, such as `Three months ended`."""
    return bool(_PERIOD_INSIDE.search(text))
