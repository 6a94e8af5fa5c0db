"""Converts the bytes of tokens to text: whole characters, reasoning apart from the answer, no stop string.

The steps are: decode bytes to characters, separate reasoning from the answer, find stop strings. Each step holds back the
end of its text only as long as the following bytes decide what it is: a part of a character, a marker or a stop string.
"""

import codecs
from collections.abc import Sequence

from engines.inference.worker.streaming.reasoning_format import ReasoningFormat, Section
from engines.inference.worker.streaming.reasoning_splitter import Piece, ReasoningSplitter
from engines.inference.worker.streaming.stop_filter import StopFilter


class TextStream:
    """The text of one answer."""

    def __init__(
        self,
        stop_strings: Sequence[str] = (),
        format: ReasoningFormat | None = None,
        section: Section = Section.START,
    ) -> None:
        """Create a stream. `section` is the section that is open where the prompt ends.

        Stop strings apply to the answer only.
        """
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._splitter = ReasoningSplitter(format, section)
        self._stops = StopFilter(stop_strings)
        self._has_reasoning = False

    @property
    def stop_string(self) -> str | None:
        """The stop string that ended the answer; None if there was none."""
        return self._stops.found

    @property
    def is_ended(self) -> bool:
        """True if the answer is complete: a stop string or the closing marker of the answer was found."""
        return self._stops.found is not None or self._splitter.is_ended

    @property
    def is_reasoning(self) -> bool:
        return self._splitter.is_reasoning

    @property
    def is_verbatim(self) -> bool:
        """True if the answer's text is exactly the text of its tokens: nothing was removed or classified as reasoning."""
        return not (self._stops.found or self._splitter.found_marker or self._has_reasoning)

    def feed(self, token: bytes) -> Piece:
        """Add the bytes of a token and return the text that can be shown."""
        piece = self._splitter.feed(self._decoder.decode(token))
        if piece.reasoning:
            self._has_reasoning = True
        return piece if self._stops.is_empty else Piece(self._stops.feed(piece.text), piece.reasoning)

    def finish(self) -> Piece:
        """Return the text that is still held back. An incomplete character at the very end is dropped."""
        piece = self._splitter.finish()
        text = self._stops.feed(piece.text)
        return Piece(text + self._stops.finish(), piece.reasoning)
