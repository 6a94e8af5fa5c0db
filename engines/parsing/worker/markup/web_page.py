"""Conversion of web pages, and of the HTML in e-mail, books and Markdown, to blocks."""

from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.markup.boilerplate import remove_boilerplate
from engines.parsing.worker.markup.hidden_parts import remove_unreachable
from engines.parsing.worker.markup.html_blocks import HtmlBlocks
from engines.parsing.worker.markup.html_tree import HtmlTree, heading_level, parse_html
from engines.parsing.worker.markup.link_targets import LinkTargets
from engines.parsing.worker.parse_context import ParseContext

_EMBEDDED = ("iframe", "object", "embed", "video", "audio", "applet")
_MAX_LISTED = 5
_SMALL_SHARE = 0.25
"""Maximum share of a page's words that are removed as boilerplate without a warning."""
_PROPERTIES = {
    "author": "author",
    "description": "comments",
    "keywords": "keywords",
    "dcterms.created": "created",
    "article:published_time": "created",
}


def website_blocks(text: str, context: ParseContext) -> list[Block]:
    """Return the blocks of a web page without its navigation, and set the document's title and properties."""
    tree = parse_html(text, context.limits.nesting)
    if tree is None:
        return []
    context.title = tree.title
    context.properties.update(_properties(tree.root))
    remove_unreachable(tree.body, context)
    words, total = remove_boilerplate(tree.body)
    if words:
        context.properties["boilerplate_words"] = words
    if words > _SMALL_SHARE * total:
        context.warnings.append(f"{words:,} of {total:,} words were left out as navigation and notices of the website.")
    return _blocks(tree, context)


def html_blocks(text: str, context: ParseContext, level: int = 1) -> list[Block]:
    """Return the blocks of HTML that is not a page of a website. No boilerplate and no hidden elements are removed.

    `level` is the level that its highest heading gets.
    """
    tree = parse_html(text, context.limits.nesting)
    return [] if tree is None else _blocks(tree, context, level)


def _blocks(tree: HtmlTree, context: ParseContext, level: int = 1) -> list[Block]:
    """Return the blocks of a tree, count its pictures, and add a warning about embedded pages and films."""
    context.pictures = (context.pictures or 0) + sum(1 for _ in tree.body.iter("img", "svg"))
    context.tables = context.tables or 0
    levels = [found for each in tree.body.iter() if (found := heading_level(each))]
    links = LinkTargets.of_page(tree)
    blocks = HtmlBlocks(context, links, level - min(levels, default=1)).read(tree.body)
    _warn_of_embedded(tree.body, context)
    if links.left_out:
        context.properties["links_without_targets"] = (
            context.properties.get("links_without_targets", 0) + links.left_out
        )
    return blocks


def _warn_of_embedded(body: Any, context: ParseContext) -> None:
    found = [
        one_line(each.get("src") or each.get("data") or "") or str(each.tag)
        for each in body.iter(*_EMBEDDED)
        if not any(parent.tag in _EMBEDDED for parent in each.iterancestors())
    ]
    if found:
        listed = ", ".join(dict.fromkeys(name[:100] for name in found[:_MAX_LISTED]))
        context.warnings.append(f"{len(found):,} embedded pages, films or sounds were not read: {listed}.")


def _properties(root: Any) -> dict[str, str]:
    """Return the metadata of a page. The keys are the names that all readers use, such as `author`."""
    found = {"language": root.get("lang") or ""}
    for each in root.iter("meta"):
        name = (each.get("name") or each.get("property") or "").lower()
        if name in _PROPERTIES:
            found.setdefault(_PROPERTIES[name], one_line(each.get("content") or ""))
    return {name: value for name, value in found.items() if value}
