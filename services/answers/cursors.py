"""Cursors of an answer's events: `epoch.seq`, opaque to clients.

The epoch names the log that counted: a log that was gone and came back counts anew, and an old cursor must not be taken
for one of its numbers.
"""

import base64
import binascii

from records.errors import InvalidInput

HEAD = "HEAD"
"""Asks for what comes from now on alone."""
STORED = "stored"
"""The epoch of events that are made again from a finished answer's row; they are always the same."""


def make_cursor(epoch: str, seq: int) -> str:
    return base64.urlsafe_b64encode(f"{epoch}.{seq}".encode()).decode()


def read_cursor(cursor: str) -> tuple[str, int]:
    """Epoch and number. Raises `InvalidInput` for what is no cursor of ours."""
    try:
        epoch, _, seq = base64.urlsafe_b64decode(cursor.encode()).decode().rpartition(".")
        return epoch, int(seq)
    except (ValueError, binascii.Error) as cause:
        raise InvalidInput("This cursor is not one of ours.", field="after") from cause
