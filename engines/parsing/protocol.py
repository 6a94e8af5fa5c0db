"""What the server and the parsing worker say to each other."""

import msgspec

from engines.parsing.limits import Limits
from records.document import DocumentStatus, NewChunk, ParsedDocument


class Start(msgspec.Struct, frozen=True):
    limits: Limits
    recognize: bool = True
    "Whether text in pictures is recognized, where the extra for that is installed."


class Parse(msgspec.Struct, frozen=True, tag=True):
    path: str
    media_type: str
    name: str
    "The client's name for the file: a title, where the file has none of its own."
    max_tokens: int
    overlap_tokens: int


Request = Parse


class ParseProgress(msgspec.Struct, frozen=True, tag=True):
    stage: DocumentStatus
    fraction: float
    pages_looked_at: int = 0
    "By the recognizer, so far; each of them takes seconds."


class ParsedText(msgspec.Struct, frozen=True, tag=True):
    """The next piece of the document's text; `start` in code points."""

    start: int
    text: str


class ParsedChunks(msgspec.Struct, frozen=True, tag=True):
    """The next chunks, in order. The text that they span has been sent already."""

    chunks: list[NewChunk]


Event = ParseProgress | ParsedText | ParsedChunks


class Parsed(msgspec.Struct, frozen=True):
    document: ParsedDocument
