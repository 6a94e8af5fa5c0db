"""The names of a document that begin the context of its chunks: its file name, and its title where that adds something.

Titles of files are often worthless (`FORM 10-K`, `0000064803-23-000009`), while people name files so that they can tell them
apart. Embedding the file name before each chunk lets a search among many documents find the one that a question names.
"""

import re
from pathlib import PurePosixPath

MAX_NAME = 80
"""Characters of a file name. A longer one is cut."""

_WORD = re.compile(r"[^\W_]+")
_SEPARATORS = re.compile(r"[\W_]+")
_HEXADECIMAL = re.compile("[0-9a-f]{16,}")


def context_titles(name: str, title: str | None) -> tuple[str, ...]:
    """Return the file name without its ending, and the title.

    Either is left out if a program generated it, such as a UUID, or if the other one contains all its words.
    """
    readable = _readable(name)
    title = " ".join(title.split()) if title else ""
    in_name, in_title = _words(readable), _words(title)
    if _is_generated(title) or in_title <= in_name:
        title = ""
    if (_is_generated(readable) or in_name <= in_title) and title:
        readable = ""
    return tuple(filter(None, (readable, title)))


def _readable(name: str) -> str:
    """Return a file name without its folder and its ending, with spaces between its words."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    return " ".join(re.sub("[_-]", " ", stem).split())[:MAX_NAME].rstrip()


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def _is_generated(text: str) -> bool:
    """Return whether a program made the name: a UUID, a hash or a number."""
    joined = _SEPARATORS.sub("", text).casefold()
    return joined.isdigit() or not joined or (_HEXADECIMAL.fullmatch(joined) is not None and not joined.isalpha())
