"""Formatting of numbers as a spreadsheet program displays them, by the number format of their cell."""

import re
from functools import lru_cache

from openpyxl.styles.numbers import BUILTIN_FORMATS
from xlfmt import format_value

from engines.parsing.worker.sheets.plain_formats import plain_text

GENERAL = "General"
_ISO_DATE, _ISO_TIME = "yyyy-mm-dd", "yyyy-mm-dd h:mm"
_LOCAL_FORMATS = {
    14: _ISO_DATE,
    22: _ISO_TIME,
    **dict.fromkeys((*range(27, 32), 36, *range(50, 55), 57, 58), _ISO_DATE),
}
"""Built-in formats, by their ids, that a program displays in the user's local date format. Here they are ISO 8601."""
_NUMBER = ".15g"
"""Format with the 15 significant digits that Excel stores. More digits would show binary rounding errors."""
_MAX_CODE = 255
"""Maximum length, in characters, of a number format in Excel."""
_MAX_DENOMINATOR = re.compile(r"/\s*[?#0]{5}|[?#0]{5}\s*/")
"""Part of a format for fractions with five or more digits in the denominator, which would take too long to compute."""
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.I)
"""Parts of a format code that are not placeholders of digits: texts, escaped characters, spaces, colours and so on."""
_DATE_LETTER = re.compile(r"[ymdhs]", re.I)
_DIGIT_PLACE = re.compile(r"[0#?]")
_POINT = re.compile(r'("[^"]*"|\\.|\[[^\]]*\])|(\.)(?!0)')
_WORD = re.compile(r'("[^"]*"|\\.|\[[^\]]*\]|general|E[+-])|([^\W\d_]+)', re.I)
_SECOND_FRACTION = re.compile(r"s\.0+", re.I)
_HOURS, _MINUTES, _SECONDS = re.compile(r"h", re.I), re.compile(r"h+[^a-z0]*m|\[m+\]", re.I), re.compile(r"s", re.I)
_TOLERANCE_DAYS = 1e-9
_LAST_DAY = 2_958_466
"""Serial number of the day after 31 December 9999, the last date of Excel."""


def builtin_format(number: int) -> str:
    """Return the format code of a built-in number format by its id (`numFmtId`); `General` for an unknown id.

    Source: ISO/IEC 29500-1 (Office Open XML), section 18.8.30.
    """
    return _LOCAL_FORMATS.get(number) or BUILTIN_FORMATS.get(number, GENERAL)


def plain_number(value: float) -> str:
    """Return a number with at most 15 significant digits."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    return f"{value:{_NUMBER}}" if value % 1 or abs(value) >= 1e15 else str(int(value))


@lru_cache(maxsize=4096)
def number_text(value: float, code: str, date1904: bool = False) -> str:
    """Return a number in the format of a format code, such as `12.5%` or `€1,234.50`.

    `date1904` is True for a workbook that counts days from 1904. If the format cannot be applied, return the number in plain
    digits (`plain_number`).
    """
    if code.upper() in ("GENERAL", "", "@") or len(code) > _MAX_CODE or _MAX_DENOMINATOR.search(code):
        return plain_number(value)
    if (simple := plain_text(value, code)) is not None:
        return simple.strip()
    try:
        text = str(format_value(_shown_time(value, code), _prepared(code), date1904=date1904)).strip()
    except (ValueError, TypeError, ArithmeticError, LookupError):
        return plain_number(value)
    if not text.strip("#") and value < 0 and ":" in code:
        return f"-{number_text(-value, code, date1904)}"
    # The number itself is returned if the format hides it (`;;;`) or yields only `#`, so that it is not lost.
    return text if text.strip("#") else plain_number(value)


def text_by_format(text: str, code: str) -> str:
    """Return a text in the format of a format code that has a section for texts, such as `"No. "@`."""
    if "@" not in code or code == "@" or len(code) > _MAX_CODE:
        return text
    try:
        return str(format_value(text, code)) or text
    except (ValueError, TypeError, ArithmeticError, LookupError):
        return text


@lru_cache(maxsize=4096)
def _prepared(code: str) -> str:
    """Return a format code that makes xlfmt format a number as spreadsheet programs do.

    The points of a date are escaped, because xlfmt would take them for decimal points and omit them. The letters of a unit
    or currency, as in `0.0 m` and `CHF 0.00`, are quoted, because not all programs write the quotes that xlfmt needs.
    """
    placeholders = _LITERAL.sub("", code)
    if _DIGIT_PLACE.search(_SECOND_FRACTION.sub("", placeholders)):
        return _WORD.sub(lambda part: part[1] or f'"{part[2]}"', code)
    if not _DATE_LETTER.search(placeholders):
        return code
    return _POINT.sub(lambda part: part[1] or "\\.", code)


def _shown_time(value: float, code: str) -> float:
    """Return a time without the seconds or minutes that the format does not show.

    Programs truncate a time to the parts that they show, whereas xlfmt would round it.
    """
    placeholders = _LITERAL.sub("", code)
    if not 0 <= value < _LAST_DAY or _SECONDS.search(placeholders):
        return value
    if _MINUTES.search(placeholders):
        steps = 24 * 60
    elif _HOURS.search(placeholders):
        steps = 24
    else:
        return value
    return int((value + _TOLERANCE_DAYS) * steps) / steps
