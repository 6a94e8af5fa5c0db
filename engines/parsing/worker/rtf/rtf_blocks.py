"""Conversion of RTF text in memory to blocks. Outlook messages and Word documents contain such text."""

from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.rtf.rtf_document import RtfDocument
from engines.parsing.worker.rtf.rtf_tokens import Tokens


def rtf_blocks(content: bytes, context: ParseContext) -> list[Block]:
    """Return the blocks of an RTF text. Add warnings about deletions, hidden words and objects that were not read."""
    document = RtfDocument(context)
    blocks = list(document.blocks(Tokens(content), len(content)))
    document.warn()
    return blocks
