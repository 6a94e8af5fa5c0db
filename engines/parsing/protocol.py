"""Messages between the server and the parsing worker."""

import msgspec

from engines.parsing.parsing_limits import ParsingLimits
from records.document import DocumentStatus, NewChunk, ParsedDocument


class Start(msgspec.Struct, frozen=True):
    """Configuration of a worker, sent once when the process starts."""

    limits: ParsingLimits
    ocr: bool = True
    "Recognize text in images. Has no effect if the OCR extra is not installed."


class ParseRequest(msgspec.Struct, frozen=True, tag=True):
    """A request to parse one file."""

    path: str
    media_type: str
    name: str
    "The client's name for the file. It is the title of a document that states no title."
    max_tokens: int
    overlap_tokens: int


Request = ParseRequest


class ParseProgress(msgspec.Struct, frozen=True, tag=True):
    """Progress of a document."""

    stage: DocumentStatus
    fraction: float
    "Share of the file that has been parsed, 0 to 1."
    ocr_pages: int = 0
    "Pages passed to OCR so far. Each takes seconds."


class ParsedText(msgspec.Struct, frozen=True, tag=True):
    """The next part of the document's text. `start` is its offset in the text, in code points."""

    start: int
    text: str


class ParsedChunks(msgspec.Struct, frozen=True, tag=True):
    """The next chunks, in order. The text that they contain has been sent in earlier events."""

    chunks: list[NewChunk]


ParseEvent = ParseProgress | ParsedText | ParsedChunks


class ParseReply(msgspec.Struct, frozen=True):
    """The result of a request, sent after its last event."""

    document: ParsedDocument
