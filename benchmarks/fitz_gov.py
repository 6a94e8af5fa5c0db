"""The judged collection of the package `fitz-gov` (MIT): short documents, questions, and which documents answer them.

Documents with the same text, blanks and capitals aside, are made one, and so are questions; a document without text (the
package has some) is left out, and only questions with an answer are asked.
"""

import importlib.util
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Document:
    text: str
    title: str | None


@dataclass(frozen=True, slots=True)
class Collection:
    documents: dict[int, Document]
    "By a number of their own: some of the package's ids stand for several texts."
    questions: dict[str, frozenset[int]]
    "The documents that answer each."


def texts() -> list[str]:
    """Every text of the collection once, exactly as it is written."""
    return list(dict.fromkeys(document["content"] for document in _written(_folder())))


def load() -> Collection:
    folder = _folder()
    numbers: dict[str, int] = {}
    documents: dict[int, Document] = {}
    named: dict[str, set[int]] = {}
    for document in _written(folder):
        number = numbers.setdefault(_plain(document["content"]), len(numbers))
        documents.setdefault(number, Document(document["content"], document.get("title")))
        named.setdefault(document["id"], set()).add(number)
    questions: dict[str, frozenset[int]] = {}
    mappings = json.loads((folder / "queries" / "query_mappings.json").read_text(encoding="utf-8"))["mappings"]
    for question in (question for kind in mappings.values() for question in kind.values()):
        relevant = frozenset[int]().union(*(named.get(name, ()) for name in question["relevant_docs"]))
        if relevant:
            questions[question["query"]] = questions.get(question["query"], frozenset()) | relevant
    return Collection(documents, questions)


def _written(folder: Path) -> Iterator[dict[str, Any]]:
    """The documents that have text."""
    lines = (folder / "corpus" / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    return (document for document in map(json.loads, lines) if document["content"].strip())


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def sample(collection: Collection, questions: int, others: int) -> Collection:
    """Questions from all over the collection, the documents that answer them, and so many others; always the same ones."""
    asked = dict(_spread(list(collection.questions.items()), questions))
    wanted = frozenset[int]().union(*asked.values())
    rest = _spread([number for number in collection.documents if number not in wanted], others)
    return Collection({number: collection.documents[number] for number in (*sorted(wanted), *rest)}, asked)


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """So many of them, evenly from begin to end."""
    count = min(count, len(items))
    return [items[place * len(items) // count] for place in range(count)]


def _folder() -> Path:
    """Without importing the package, which wants what only its own judges need."""
    found = importlib.util.find_spec("fitz_gov")
    if found is None or found.origin is None:
        raise SystemExit("R1 needs the package fitz-gov: .venv/bin/python -m pip install --no-deps fitz-gov")
    return Path(found.origin).parent / "data"


def first_words(text: str) -> str:
    """What the server names a text by that has no title."""
    line = text.strip().splitlines()[0].strip()
    return line if len(line) <= 60 else f"{line[:60].rsplit(' ', 1)[0]}…"
