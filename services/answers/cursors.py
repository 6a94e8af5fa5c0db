"""Cursors of an answer's events: `epoch.seq` in base64, opaque to clients.

The epoch names the server process that numbered the events. After a restart the numbers start again, and the epoch keeps
an old cursor from being read as a number of the new log.
"""

import base64
import binascii

from records.errors import InvalidInput

HEAD = "HEAD"
"""The cursor of a client that wants only events from now on."""
STORED = "stored"
"""The epoch of events that are rebuilt from a stored message; their numbers never change."""


def make_cursor(epoch: str, seq: int) -> str:
    """Return the cursor of an event."""
    return base64.urlsafe_b64encode(f"{epoch}.{seq}".encode()).decode()


def read_cursor(cursor: str) -> tuple[str, int]:
    """Return the epoch and the sequence number. Raises `InvalidInput` for a text that is not a cursor."""
    try:
        epoch, _, seq = base64.urlsafe_b64decode(cursor.encode()).decode().rpartition(".")
        return epoch, int(seq)
    except (ValueError, binascii.Error) as cause:
        raise InvalidInput(
            "This is not a cursor of this server. Pass the `cursor` of an event that you received.", field="after"
        ) from cause
