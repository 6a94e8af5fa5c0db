"""The judged collection of the package `fitz-gov` (MIT): short documents, questions, and the documents that answer them.

Documents whose texts differ only in white space and letter case count as one document. Documents without text and
questions without a relevant document are left out.
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
    "Documents by number. The ids of the package are not usable as keys: some of them belong to several texts."
    questions: dict[str, frozenset[int]]
    "The numbers of the relevant documents of each question."


def texts() -> list[str]:
    """Return every distinct text of the collection, unchanged."""
    return list(dict.fromkeys(document["content"] for document in _documents(_folder())))


def load() -> Collection:
    folder = _folder()
    numbers: dict[str, int] = {}
    documents: dict[int, Document] = {}
    numbers_of_id: dict[str, set[int]] = {}
    for document in _documents(folder):
        number = numbers.setdefault(_normalized(document["content"]), len(numbers))
        documents.setdefault(number, Document(document["content"], document.get("title")))
        numbers_of_id.setdefault(document["id"], set()).add(number)
    questions: dict[str, frozenset[int]] = {}
    mappings = json.loads((folder / "queries" / "query_mappings.json").read_text(encoding="utf-8"))["mappings"]
    for question in (question for kind in mappings.values() for question in kind.values()):
        relevant = frozenset[int]().union(*(numbers_of_id.get(name, ()) for name in question["relevant_docs"]))
        if relevant:
            questions[question["query"]] = questions.get(question["query"], frozenset()) | relevant
    return Collection(documents, questions)


def _documents(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the documents of the package that have text."""
    lines = (folder / "corpus" / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    return (document for document in map(json.loads, lines) if document["content"].strip())


def _normalized(text: str) -> str:
    return " ".join(text.split()).casefold()


def sample(collection: Collection, questions: int, others: int) -> Collection:
    """Return a subset: evenly spaced questions, their relevant documents and `others` further documents.

    The same arguments always return the same subset.
    """
    chosen = dict(_spread(list(collection.questions.items()), questions))
    relevant = frozenset[int]().union(*chosen.values())
    rest = _spread([number for number in collection.documents if number not in relevant], others)
    return Collection({number: collection.documents[number] for number in (*sorted(relevant), *rest)}, chosen)


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """Return `count` items at even distances."""
    count = min(count, len(items))
    return [items[place * len(items) // count] for place in range(count)]


def _folder() -> Path:
    """Return the data folder of the package without importing it, which would need further packages."""
    found = importlib.util.find_spec("fitz_gov")
    if found is None or found.origin is None:
        raise SystemExit("The package fitz-gov is missing: .venv/bin/python -m pip install --no-deps fitz-gov")
    return Path(found.origin).parent / "data"


def first_words(text: str) -> str:
    """Return the name that the server gives to a text without a title."""
    line = text.strip().splitlines()[0].strip()
    return line if len(line) <= 60 else f"{line[:60].rsplit(' ', 1)[0]}…"
