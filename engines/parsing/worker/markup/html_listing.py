"""Listings of web pages: the code with its lines and indentation, without line numbers and buttons."""

from collections.abc import Iterator, Sequence
from typing import Any

from engines.parsing.text_cleaning import clean_text
from engines.parsing.worker.markup.html_tree import BLOCKS, NEVER_SHOWN, tag

LISTINGS = frozenset({"pre", "listing", "xmp", "plaintext"})
_NO_CODE = NEVER_SHOWN | {"button", "svg", "img"}
_LINES = BLOCKS - {"td", "th"}


def listing_text(element: Any) -> str:
    """Return the text of a listing, without the elements that color its words and without spaces at line ends."""
    text = clean_text("".join(_verbatim(element)))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _verbatim(element: Any) -> Iterator[str]:
    """Yield the text inside an element, with a newline after each element that a highlighter uses for a line."""
    yield element.text or ""
    for child in element:
        name = tag(child)
        if name == "br":
            yield "\n"
        elif name not in _NO_CODE and not _is_line_number(child):
            text = "".join(_verbatim(child))
            is_line = name in _LINES and not text.endswith("\n")
            yield text + ("\n" if is_line else "")
        yield child.tail or ""


def _is_line_number(element: Any) -> bool:
    """Return True for an element that contains only line numbers. Highlighters insert them beside or before the lines."""
    names = " ".join((element.get("class") or "", element.get("id") or "")).lower()
    if "line" not in names and "gutter" not in names and element.get("data-line-number") is None:
        return False
    words = "".join(element.itertext()).split()
    return all(word.isdigit() for word in words) and (bool(words) or tag(element) == "td")


def listing_in_table(rows: Sequence[Any]) -> str | None:
    """Return a listing that is laid out as a table with a column of line numbers; None for any other table.

    The numbers are either in one cell beside the listing, or each in a cell beside its line.
    """
    cells = [[cell for cell in row if tag(cell) in ("td", "th")] for row in rows]
    if not cells or any(len(row) != 2 for row in cells):
        return None
    numbers = [("".join(row[0].itertext()).split() or [row[0].get("data-line-number") or ""]) for row in cells]
    counted = [number for row in numbers for number in row]
    is_code = all(row[1].find(".//pre") is not None or _names_code(row[1]) for row in cells)
    if not is_code or not all(number.isdigit() for number in counted) or counted != _counting(counted):
        return None
    return "\n".join(listing_text(row[1]) for row in cells)


def _names_code(cell: Any) -> bool:
    return "code" in (cell.get("class") or "") or cell.find(".//code") is not None


def _counting(numbers: Sequence[str]) -> list[str]:
    """Return as many consecutive numbers as `numbers` has, from its first number on: `7, 8, 9` for `7, 9, 12`."""
    first = int(numbers[0]) if numbers and numbers[0].isdigit() else 0
    return [str(first + step) for step in range(len(numbers))]
