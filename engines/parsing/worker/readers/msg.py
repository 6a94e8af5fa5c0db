"""Outlook messages (MSG), read as e-mail."""

from collections.abc import Iterator

from engines.parsing.parsing_limits import check_size
from engines.parsing.worker.blocks.block import Block
from engines.parsing.worker.mail.outlook import load_outlook_message
from engines.parsing.worker.mail.rich_text import RTF_ONLY
from engines.parsing.worker.parse_context import ParseContext
from engines.parsing.worker.readers.eml import is_encrypted, message_blocks, report_messages, set_metadata


def read(context: ParseContext) -> Iterator[Block]:
    """Yield the blocks of a message and of the messages attached to it."""
    check_size(context.path.stat().st_size, context.limits.message_bytes)
    message = load_outlook_message(context.path)
    set_metadata(message, context)
    context.tables = context.pictures = 0
    yield from message_blocks(message, context, 1)
    if any(part.get(RTF_ONLY) for part in message.walk()):
        context.warnings.append(
            "The text of a message is stored as damaged or very large RTF and was not read. Save the message as .eml."
        )
    report_messages(context, 1, [], [1] if is_encrypted(message) else [])
