"""The blocks of RTF in memory, as messages of Outlook contain it."""

from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.rtf.rtf_document import RtfDocument
from engines.parsing.worker.rtf.rtf_tokens import Tokens


def rtf_blocks(content: bytes, context: ParseContext) -> list[Block]:
    """Return the blocks of RTF, and add warnings about what was left out or is hidden."""
    document = RtfDocument(context)
    blocks = list(document.blocks(Tokens(content), len(content)))
    document.warn()
    return blocks
