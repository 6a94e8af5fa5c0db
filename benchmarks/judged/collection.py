"""A folder of judged documents: PDF or text files, questions with the places that answer them, and facts of tables.

`questions.jsonl` has one object a line with `document`, `question`, and either `pages` (numbers from 1) or `quote` (words of
the document). `table-facts.jsonl` has one object a line with `document`, `page`, `row`, `column` and `value`. Either file
may be missing; other members are ignored.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEDIA_TYPES = {".pdf": "application/pdf", ".txt": "text/plain"}
"""Media type of a document by the ending of its name."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one document, and the pages or the words of the document that answer it."""

    document: str
    text: str
    pages: frozenset[int]
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class TableFact:
    """A value of a table: the row is named by its label, the column by its name or by a part of it."""

    document: str
    page: int
    row: str
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class JudgedFolder:
    """The documents of a folder by name, with what is known about them."""

    documents: dict[str, Path]
    questions: list[Question]
    facts: list[TableFact]

    def columns_of(self, fact: TableFact) -> list[str]:
        """Return the names of all columns that facts of the same page mention."""
        same_page = (other for other in self.facts if (other.document, other.page) == (fact.document, fact.page))
        return list(dict.fromkeys(other.column for other in same_page))


def load(folder: Path) -> JudgedFolder:
    """Load a folder. Raises `SystemExit` for a folder without documents, or if a file that is named in it is missing."""
    documents = {path.name: path for path in sorted(folder.iterdir()) if path.suffix in MEDIA_TYPES}
    if not documents:
        raise SystemExit(f"{folder} contains no PDF or text files. See docs/benchmarks.md for the form of the folder.")
    questions = [
        Question(each["document"], each["question"], frozenset(each.get("pages", ())), each.get("quote"))
        for each in _records(folder / "questions.jsonl")
    ]
    facts = [
        TableFact(each["document"], each["page"], each["row"], each["column"], each["value"])
        for each in _records(folder / "table-facts.jsonl")
    ]
    named = {each.document for each in questions} | {each.document for each in facts}
    if missing := named - set(documents):
        raise SystemExit(f"{folder} lacks documents that its questions or facts name: {', '.join(sorted(missing))}.")
    return JudgedFolder(documents, questions, facts)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
