"""Jupyter notebooks: the cells in their order, with the text of their outputs."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from engines.parsing.parsing_limits import above_limit, check_size
from engines.parsing.text_cleaning import one_line
from engines.parsing.text_encoding import decode_file
from engines.parsing.worker.blocks.block import Block, BlockKind
from engines.parsing.worker.markup.web_page import html_blocks
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers import plain
from engines.parsing.worker.readers.markdown import markdown_blocks

_TERMINAL_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DATA_ADDRESS = re.compile(r"data:[\w.+/-]+(?:;[\w=.+-]+)*;base64,[A-Za-z0-9+/=\s]{64,}")
_TABLE = re.compile(r"<table\b", re.I)
_TEXTS = ("text/markdown", "text/html", "text/latex", "text/plain")
"""Media types of the texts of an output."""
_NO_CONTENT = ("application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json")


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of all cells. Add warnings about pictures and other outputs that are not text."""
    check_size(context.path.stat().st_size, context.limits.message_bytes)
    try:
        notebook = json.loads(decode_file(context.path))
    except json.JSONDecodeError as error:
        context.warnings.append(
            f"The notebook is not valid JSON at line {error.lineno:,}, column {error.colno:,}, so it was read as plain text."
        )
        yield from plain.read(context)
        return
    except RecursionError:
        raise above_limit("The notebook's values are nested too deeply.") from None
    yield from _Notebook(notebook, context).blocks()


class _Notebook:
    """A notebook of any version of the format. Versions before 4 have their cells in worksheets."""

    def __init__(self, notebook: Any, context: ParseContext) -> None:
        self._context = context
        self._members = _mapping(notebook)
        self._language = self._notebook_language()
        self._unread: Counter[str] = Counter()

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the cells, then set the title and the warnings."""
        context = self._context
        context.tables = context.pictures = 0
        metadata = _mapping(self._members.get("metadata"))
        context.title = one_line(_text(metadata.get("title"))) or None
        if self._language:
            context.properties["language"] = self._language
        cells = self._cells()
        for number, cell in enumerate(cells, 1):
            yield from self._cell_blocks(cell)
            context.fraction = number / len(cells)
        for media_type, count in self._unread.items():
            context.warnings.append(f"{count:,} outputs or attachments without text were not read: {media_type}.")

    def _notebook_language(self) -> str:
        metadata = _mapping(self._members.get("metadata"))
        described = _mapping(metadata.get("language_info")) or _mapping(metadata.get("kernelspec"))
        return one_line(_text(described.get("name")))

    def _cells(self) -> list[Mapping[str, Any]]:
        sheets = [self._members, *map(_mapping, _items(self._members.get("worksheets")))]
        return [_mapping(cell) for sheet in sheets for cell in _items(sheet.get("cells"))]

    def _cell_blocks(self, cell: Mapping[str, Any]) -> Iterator[Block]:
        kind = cell.get("cell_type")
        text = _DATA_ADDRESS.sub("", _text(cell.get("source") or cell.get("input")))
        for attachment in _mapping(cell.get("attachments")).values():
            self._count_pictures(_mapping(attachment))
        if kind == "markdown":
            yield from markdown_blocks(text, self._context)
        elif kind == "heading":
            level = cell.get("level")
            yield Block(
                BlockKind.HEADING, one_line(text), level=level if isinstance(level, int) and 1 <= level <= 6 else 1
            )
        elif kind == "code":
            if text.strip():
                yield Block(BlockKind.CODE, text.strip("\n"))
            for output in _items(cell.get("outputs")):
                yield from self._output_blocks(_mapping(output))
        elif text.strip():
            yield Block(BlockKind.PARAGRAPH, text)

    def _output_blocks(self, output: Mapping[str, Any]) -> Iterator[Block]:
        kind = output.get("output_type")
        if kind == "stream":
            yield from _verbatim(_text(output.get("text")))
        elif kind in ("error", "pyerr"):
            yield from _verbatim(f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}")
        else:
            data = _mapping(output.get("data")) or {_old_name(name): value for name, value in output.items()}
            yield from self._data_blocks(data)

    def _data_blocks(self, data: Mapping[str, Any]) -> Iterator[Block]:
        """Yield the blocks of one text version of an output.

        Markdown is preferred, then HTML if it contains a table or is the only version, then plain text, then LaTeX.
        """
        self._count_pictures(data)
        found = {name: text for name in _TEXTS if (text := _text(data.get(name)).strip())}
        html = found.get("text/html", "")
        if "text/markdown" in found:
            yield from markdown_blocks(_DATA_ADDRESS.sub("", found["text/markdown"]), self._context)
        elif html and (_TABLE.search(html) or len(found) == 1):
            yield from html_blocks(_DATA_ADDRESS.sub("", html), self._context)
        elif shown := found.get("text/plain") or found.get("text/latex"):
            yield from _verbatim(shown)
        elif not any(name.startswith("image/") for name in data):
            self._unread.update(name for name in data if "/" in name and name not in _NO_CONTENT)

    def _count_pictures(self, data: Mapping[str, Any]) -> None:
        images = [name for name in data if name.startswith("image/")]
        if images:
            self._context.pictures = (self._context.pictures or 0) + 1
            self._unread[images[0]] += 1


def _verbatim(text: str) -> Iterator[Block]:
    shown = _DATA_ADDRESS.sub("", _TERMINAL_CODE.sub("", text)).strip("\n")
    if shown.strip():
        yield Block(BlockKind.CODE, shown)


def _old_name(name: str) -> str:
    """Return the media type for the name of an output's member before version 4, such as `png`; other names unchanged."""
    known = {"text": "text/plain", "html": "text/html", "latex": "text/latex", "svg": "image/svg+xml"}
    return known.get(name) or (f"image/{name}" if name in ("png", "jpeg") else name)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    """Return the text of a JSON value that is a string or a list of lines; empty for other values."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""
