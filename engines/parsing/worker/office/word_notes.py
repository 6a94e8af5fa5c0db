"""Text outside of a Word document's body: page headers and footers, comments, footnotes and endnotes."""

import re
from collections.abc import Iterator
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.package import attribute
from engines.parsing.worker.office.word_document import WordBlocks, WordFile

_NOTES = {"footnotes": "Footnote", "endnotes": "Endnote"}
_PAGE_NUMBER = re.compile(r"[-– ]*\d{1,4}[-– ]*")
_SEPARATORS = frozenset({"separator", "continuationSeparator", "continuationNotice"})


def note_blocks(file: WordFile) -> Iterator[Block]:
    """Yield a note for each page header, page footer, comment, footnote and endnote. Call it after reading the body."""
    seen = set[str]()
    for part, label in file.headers.items():
        root = file.package.tree(part)
        text = _text(file, part, root) if root is not None else ""
        if text and text not in seen and not _PAGE_NUMBER.fullmatch(text):
            seen.add(text)
            yield Block(BlockKind.NOTE, f"{label}: {text}")
    for relation in file.package.relations(file.package.main).values():
        root = None if relation.is_external else _root_of_notes(file, relation.kind, relation.target)
        for note in root if root is not None else ():
            if attribute(note, "type") not in _SEPARATORS and (text := _text(file, relation.target, note)):
                yield Block(BlockKind.NOTE, f"{_label(relation.kind, note)}: {text}")


def _root_of_notes(file: WordFile, kind: str, part: str) -> Any:
    return file.package.tree(part) if kind in _NOTES or kind == "comments" else None


def _label(kind: str, note: Any) -> str:
    return _NOTES.get(kind) or f"Comment by {one_line(attribute(note, 'author')) or 'unknown'}"


def _text(file: WordFile, part: str, element: Any) -> str:
    """Return the text of an element of a part, with a line for each paragraph and each row of a table."""
    blocks = list(WordBlocks(file, part).read(element))
    is_prose = all(block.kind is BlockKind.PARAGRAPH for block in blocks) and local_name(element) in ("hdr", "ftr")
    lines = [one_line(block.text) for block in blocks]
    return (" " if is_prose else "\n").join(filter(None, lines))
