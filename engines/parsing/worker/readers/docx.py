"""Word documents: the body, then headers, footers, comments and notes."""

from collections.abc import Iterator

from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.markup.office_properties import core_properties
from engines.parsing.worker.office.package import OfficePackage, open_package
from engines.parsing.worker.office.unread_parts import warn_of_unread_parts
from engines.parsing.worker.office.word_document import WordFile
from engines.parsing.worker.office.word_notes import note_blocks
from engines.parsing.worker.parse_context import ParseContext


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of the body, then the text outside of the body. Add warnings about the parts that were not read."""
    with open_package(context.path, context.limits) as package:
        context.properties.update(core_properties(context.path))
        context.title = context.properties.get("title")
        context.tables = context.pictures = 0
        word = WordFile.of(package, context)
        yield from word.body_blocks()
        yield from note_blocks(word)
        _warn(word, package, context)


def _warn(word: WordFile, package: OfficePackage, context: ParseContext) -> None:
    counts = word.counts
    context.pictures = (context.pictures or 0) + counts.pictures
    context.warn_of_revision(counts.deletions, counts.hidden_words)
    if counts.unknown_symbols:
        context.warnings.append(f"{counts.unknown_symbols:,} symbols of special fonts could not be read.")
    context.warn_of_equations()
    for name, number in counts.unread.items():
        context.warnings.append(f"{number:,} {name} were not read.")
    if counts.objects:
        listed = ", ".join(dict.fromkeys(counts.objects))
        context.warnings.append(f"{len(counts.objects):,} embedded objects were not read: {listed}.")
    warn_of_unread_parts(package, context)
