"""OpenDocument text (ODT), as a package or as a flat XML file."""

from collections.abc import Iterator

from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.open_document.odf_document import OdfBlocks, OdfDocument
from engines.parsing.worker.open_document.odf_file import open_odf
from engines.parsing.worker.parse_context import ParseContext


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of the body, then headers, footers, notes and comments."""
    with open_odf(context.path, context.limits) as file:
        context.properties.update(file.properties())
        context.title = context.properties.get("title")
        context.tables = context.pictures = 0
        document = OdfDocument(file, context)
        reader = OdfBlocks(document)
        for element, fraction in file.elements():
            context.fraction = fraction
            if local_name(element.getparent()) == "text":
                yield from reader.read([element])
            elif local_name(element) == "master-page":
                document.add_master(element)
            else:
                document.styles.add(element)
        yield from document.note_blocks()
        document.warn()
