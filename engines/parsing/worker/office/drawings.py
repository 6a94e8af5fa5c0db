"""Conversion of the charts and diagrams (SmartArt) of Office files to blocks."""

from collections.abc import Iterator
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.block import Block, BlockKind, Separator
from engines.parsing.worker.blocks.cell_tables import TableCell, cell_table_blocks
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.package import OfficePackage, Relation, attribute, child
from engines.parsing.worker.parse_context import ParseContext

_CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_EXTENDED_CHART = "http://schemas.microsoft.com/office/drawing/2014/chartex"
_DIAGRAM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
_MAX_POINTS = 20_000
_HELPERS = ("parTrans", "sibTrans", "pres")
"""Types of a diagram's points that are connections or layout, and not boxes with text."""


def outside_text_boxes(element: Any) -> Iterator[Any]:
    """Yield an element and its descendants in order, except the descendants of text boxes."""
    stack = [element]
    while stack:
        each = stack.pop()
        yield each
        if local_name(each) != "txbxContent":
            stack.extend(reversed(each))


def graphic_blocks(
    element: Any, package: OfficePackage, relations: dict[str, Relation], context: ParseContext
) -> Iterator[Block]:
    """Yield the blocks of the chart or diagram that an element refers to; yield nothing for other elements.

    A chart without stored values adds a warning.
    """
    namespace, _, name = str(element.tag).lstrip("{").partition("}")
    if name == "chart" and namespace in (_CHART, _EXTENDED_CHART):
        relation = relations.get(attribute(element, "id"))
        root = package.tree(relation.target) if relation else None
        yield from _chart(root, context) if root is not None else ()
    elif name == "relIds" and namespace == _DIAGRAM:
        relation = relations.get(attribute(element, "dm"))
        root = package.tree(relation.target) if relation else None
        yield from diagram_blocks(root) if root is not None else ()


def _chart(root: Any, context: ParseContext) -> Iterator[Block]:
    blocks = list(chart_blocks(root, context))
    context.tables = (context.tables or 0) + any(block.kind is BlockKind.TABLE_ROW for block in blocks)
    if not blocks:
        context.warn_once("A chart has no stored values, so it was not read.")
    yield from blocks


def chart_blocks(root: Any, context: ParseContext) -> Iterator[Block]:
    """Yield the title of a chart, and its values as a table with a row for each category."""
    title = next((each for each in root.iter() if local_name(each) == "title"), None)
    if title is not None and (text := _text(title)):
        yield Block(BlockKind.PARAGRAPH, f"Chart: {text}")
    series = [each for each in root.iter() if local_name(each) == "ser"] or [
        each for each in root.iter() if local_name(each) == "data"
    ]
    names, columns, categories = list[str](), list[dict[int, str]](), dict[int, str]()
    for number, each in enumerate(series, 1):
        named = child(each, "tx")
        names.append((_text(named) if named is not None else "") or f"Series {number}")
        categories = _points(each, ("cat", "xVal", "strDim")) | categories
        columns.append(_points(each, ("val", "yVal", "numDim")))
    places = sorted({place for column in columns for place in column} | set(categories))
    if not places:
        return
    rows = [[TableCell(""), *map(TableCell, names)]]
    rows += [
        [TableCell(categories.get(place, str(place + 1))), *(TableCell(column.get(place, "")) for column in columns)]
        for place in places
    ]
    yield from cell_table_blocks(rows, 1, context)


def _points(series: Any, names: tuple[str, ...]) -> dict[int, str]:
    """Return the stored values or categories of a series, by their index.

    `names` are the local names of the element that contains them. Categories of several levels are joined, the outermost
    first.
    """
    source = next((each for each in series.iter() if local_name(each) in names), None)
    found: dict[int, str] = {}
    if source is None:
        return found
    levels = [each for each in source.iter() if local_name(each) == "lvl"] or [source]
    for level in reversed(levels):
        before = ""
        points = {
            int(index): _point(each)
            for each in level.iter()
            if local_name(each) == "pt" and (index := attribute(each, "idx")).isdigit()
        }
        places = sorted(set(points) | (set(found) if len(levels) > 1 else set()))
        is_innermost = level is levels[0]
        if not is_innermost:
            places = list(range(_count(levels[0])))
        for place in places[:_MAX_POINTS]:
            before = points.get(place, "" if is_innermost else before)
            found[place] = " ".join(filter(None, (found.get(place, ""), before)))
    return found


def _count(level: Any) -> int:
    indices = [
        int(index) for each in level.iter() if local_name(each) == "pt" and (index := attribute(each, "idx")).isdigit()
    ]
    return min(_MAX_POINTS, max(indices, default=-1) + 1)


def _point(element: Any) -> str:
    stored = child(element, "v")
    text = one_line((stored.text if stored is not None else element.text) or "")
    try:
        number = float(text)
    except ValueError:
        return text
    return f"{number:.15g}" if "." in text or "e" in text.lower() else text


def _text(element: Any) -> str:
    """Return the text of a chart's title or of a series' name, which is formatted text or stored values of cells."""
    return one_line(" ".join(each.text or "" for each in element.iter() if local_name(each) in ("t", "v")))


def diagram_blocks(root: Any) -> Iterator[Block]:
    """Yield the boxes of a diagram as list items. After each box come the boxes below it in the hierarchy."""
    points = {attribute(each, "modelId"): each for each in root.iter() if local_name(each) == "pt"}
    children: dict[str, list[tuple[int, str]]] = {}
    for each in root.iter():
        if local_name(each) == "cxn" and attribute(each, "type") in ("", "parOf"):
            order = attribute(each, "srcOrd")
            children.setdefault(attribute(each, "srcId"), []).append(
                (int(order) if order.isdigit() else 0, attribute(each, "destId"))
            )
    below = {place for listed in children.values() for _, place in listed}
    stack = [place for place in reversed(points) if place not in below]
    seen, separator = set[str](), Separator.BLANK_LINE
    while stack:
        place = stack.pop()
        if place in seen or place not in points:
            continue
        seen.add(place)
        stack += [target for _, target in sorted(children.get(place, ()), reverse=True)]
        text = shape_text(points[place]) if attribute(points[place], "type") not in _HELPERS else ""
        if text:
            yield Block(BlockKind.LIST_ITEM, f"- {text}", separator=separator)
            separator = Separator.NEWLINE


def shape_text(element: Any) -> str:
    """Return the text of a shape on one line."""
    paragraphs = (each for each in element.iter() if local_name(each) == "p")
    return one_line(
        " ".join("".join(text.text or "" for text in each.iter() if local_name(text) == "t") for each in paragraphs)
    )
