"""Division of a mailbox (mbox) into its messages."""

import re
from collections.abc import Iterator
from pathlib import Path

from engines.parsing.parsing_limits import check_size

_SEPARATOR = re.compile(rb"From \S.*\d{1,2}:\d{2}.*\b\d{4}\b")
"""First line of a message in a mailbox: a sender and a date. Sentences that begin with `From` have no time of day."""
_QUOTED_SEPARATOR = re.compile(rb">+From ")


def message_contents(path: Path, limit: int) -> Iterator[tuple[bytes, int]]:
    """Yield each message of a file with the number of bytes read so far. A file without separators is one message.

    Raises `DocumentUnreadable` (PARSER_LIMIT) for a message of more than `limit` bytes.
    """
    lines, size, consumed = list[bytes](), 0, 0
    is_mailbox, after_blank = False, True
    with path.open("rb") as file:
        for line in file:
            consumed += len(line)
            is_first = consumed == len(line)
            if after_blank and (is_mailbox or not lines) and _SEPARATOR.match(line.lstrip(b">") if is_first else line):
                if lines:
                    yield b"".join(lines), consumed
                is_mailbox, after_blank = True, False
                lines, size = [], 0
                continue
            after_blank = not line.strip()
            if not lines and after_blank:
                continue
            size += len(line)
            check_size(size, limit)
            lines.append(line[1:] if is_mailbox and _QUOTED_SEPARATOR.match(line) else line)
    if lines:
        yield b"".join(lines), consumed
