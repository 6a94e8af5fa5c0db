"""Markdown (CommonMark with the extensions of GitHub, footnotes, definitions and admonitions), converted to HTML first."""

import re
from collections.abc import Iterator
from typing import Any

from engines.parsing.parsing_limits import check_size
from engines.parsing.text_encoding import decode_file
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.blocks.nested_values import value_blocks
from engines.parsing.worker.markup.front_matter import properties_of, split_front_matter, title_of
from engines.parsing.worker.markup.web_page import html_blocks
from engines.parsing.worker.parse_context import ParseContext

_HEADING = re.compile(r"<h([1-6])\b")


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the metadata of a Markdown file as lines, then its blocks."""
    check_size(context.path.stat().st_size, context.limits.markup_bytes)
    metadata, text = split_front_matter(decode_file(context.path))
    context.title = title_of(metadata)
    context.properties.update(properties_of(metadata))
    yield from value_blocks(metadata, context.limits.nesting)
    yield from html_blocks(_parser(context.limits.nesting).render(text), context)


def markdown_blocks(text: str, context: ParseContext) -> list[Block]:
    """Return the blocks of Markdown text that is a part of a document. The levels of its headings are not changed."""
    html = str(_parser(context.limits.nesting).render(text))
    return html_blocks(html, context, min(map(int, _HEADING.findall(html)), default=1))


def _parser(nesting: int) -> Any:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.admon import admon_plugin
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.tasklists import tasklists_plugin

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": nesting}).enable(["table", "strikethrough"])
    for plugin in (admon_plugin, deflist_plugin, footnote_plugin, tasklists_plugin):
        parser.use(plugin)
    return parser
