"""Texts of an Excel worksheet outside of its cells: comments, text boxes, diagrams, charts, pictures and page headers."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.sheets.workbook_parts import WorkbookParts, rich_text

_THREAD_COPY = "[Threaded comment]"
"""Beginning of the comment that Excel stores for programs that cannot show threaded comments."""
_PAGE_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d{1,3}|[A-Z&])', re.I)
_PAGE_WORDS = re.compile(r"\b(?:page|of|seite|von|sur|de|pagina|página|strona)\b", re.I)
_WORD = re.compile(r"[^\W\d_]{2}")
_MAX_NAMED_CHARTS = 10
_UNREAD = {
    "ctrlProp": "form controls",
    "oleObject": "embedded objects",
    "package": "embedded objects",
    "slicer": "slicers",
}
"""Names, for warnings, of the parts that are counted but not read. The key is the last part of the relationship type."""


class SheetNotes:
    """Reads the notes of a workbook's worksheets: the texts outside of their cells. Counts the parts that are not read."""

    def __init__(self, parts: WorkbookParts) -> None:
        self._parts = parts
        self._charts: list[str] = []
        self._unread: Counter[str] = Counter()

    def notes(self, path: str) -> Iterator[str]:
        """Yield the notes of the worksheet whose part in the file is `path`."""
        related = list(self._parts.related(path).values())
        kinds = {relationship.kind for relationship in related}
        for kind, target in ((each.kind, each.target) for each in related):
            if kind in _UNREAD:
                self._unread[_UNREAD[kind]] += 1
            root = self._parts.root(target) if kind in ("comments", "threadedComment", "drawing") else None
            if root is None:
                continue
            if kind == "comments":
                yield from self._comments(root, has_threads="threadedComment" in kinds)
            elif kind == "threadedComment":
                yield from self._threads(root)
            else:
                yield from self._drawing(root, target)

    def page_notes(self, texts: list[str]) -> Iterator[str]:
        """Yield the headers and footers of printed pages, without codes such as `&P` for the page number."""
        for text in dict.fromkeys(texts):
            words = one_line(_PAGE_CODE.sub(" ", text))
            if _WORD.search(_PAGE_WORDS.sub("", words)):
                yield f"Page header or footer: {words}"

    def warn(self, context: ParseContext) -> None:
        """Add warnings about the parts that were not read."""
        if self._charts:
            named = [title for title in self._charts if title][:_MAX_NAMED_CHARTS]
            names = f": {', '.join(named)}" if named else ""
            context.warnings.append(
                f"{len(self._charts):,} charts were not read{names}. The cells with their data were read."
            )
        for kind, count in self._unread.items():
            context.warnings.append(f"{count:,} {kind} were not read.")

    def _comments(self, root: Any, *, has_threads: bool) -> Iterator[str]:
        authors = [one_line(element.text or "") for element in root.iter() if local_name(element) == "author"]
        for comment in (element for element in root.iter() if local_name(element) == "comment"):
            text = one_line(rich_text(comment))
            index = comment.get("authorId", "")
            author = authors[int(index)] if index.isdigit() and int(index) < len(authors) else ""
            if text and not (has_threads and text.startswith(_THREAD_COPY)):
                yield _comment_note(author, comment.get("ref", ""), text.removeprefix(f"{author}:").strip())

    def _threads(self, root: Any) -> Iterator[str]:
        for comment in (element for element in root.iter() if local_name(element) == "threadedComment"):
            text = next((one_line(child.text or "") for child in comment if local_name(child) == "text"), "")
            if text:
                author = self._parts.persons.get(comment.get("personId", ""), "")
                yield _comment_note(author, comment.get("ref", ""), text)

    def _drawing(self, root: Any, path: str) -> Iterator[str]:
        for element in root.iter():
            name = local_name(element)
            if name == "txBody" and (text := _paragraphs(element)):
                yield f"Text box: {text}"
            elif name == "cNvPr" and local_name(element.getparent()) == "nvPicPr" and element.get("descr"):
                yield f"Picture: {one_line(element.get('descr'))}"
        for relationship in self._parts.related(path).values():
            if relationship.kind in ("chart", "chartEx"):
                title = self._chart_title(relationship.target)
                self._charts.append(title)
                if title:
                    yield f"Chart: {title}"
            elif relationship.kind == "diagramData":
                root = self._parts.root(relationship.target)
                if root is not None and (text := _paragraphs(root)):
                    yield f"Diagram: {text}"

    def _chart_title(self, path: str) -> str:
        root = self._parts.root(path)
        titles = (element for element in root.iter() if local_name(element) == "title") if root is not None else ()
        return next((text for title in titles if (text := _paragraphs(title))), "")


def _comment_note(author: str, place: str, text: str) -> str:
    by = f" by {author}" if author else ""
    return f"Comment{by} on {place}: {text}"


def _paragraphs(element: Any) -> str:
    """Return the paragraphs of a drawing's text, joined by spaces."""
    texts = [rich_text(paragraph) for paragraph in element.iter() if local_name(paragraph) == "p"]
    return one_line(" ".join(texts))
