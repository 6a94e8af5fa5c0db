"""The mailbox format (mbox): consecutive messages, each preceded by a line that begins with `From `."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

MEDIA_TYPE = "application/mbox"
_MESSAGE = re.compile(r"(?:^|\n\s*\n)>?From \S.*\d{1,2}:\d{2}.*\b\d{4}\b.*\n(?:[!-9;-~]+:.*\n|[ \t].*\n){2}")
"""The line before a message (sender and date), and the first two lines of the message's headers."""


def detect(sample: FileSample) -> str | None:
    """Detect by the lines before messages. A file with one message is a mailbox only if it has a mailbox extension."""
    text = sample.text.lstrip()
    if not sample.is_text or not text.startswith(("From ", ">From ")):
        return None
    count = len(_MESSAGE.findall(text))
    return MEDIA_TYPE if count > 1 or (count and sample.extension in FORMAT.extensions) else None


FORMAT = Format(
    types={MEDIA_TYPE: (".mbox", ".mbx")},
    label="mailbox",
    is_text=True,
    detect=detect,
)
