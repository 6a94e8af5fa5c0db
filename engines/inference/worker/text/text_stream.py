"""From tokens' bytes to an answer's text: whole characters, no stop string, reasoning apart from the answer.

Each step takes what arrives and gives what can be shown already; it holds back only the longest end that may still turn
into something else. The order is bytes → characters → reasoning or answer → stop strings.
"""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

OPEN_TAG = "<think>"
CLOSE_TAG = "</think>"


def held_suffix(text: str, patterns: Sequence[str]) -> int:
    """Length of the longest end of `text` that is a proper beginning of one of the patterns."""
    longest = max((len(pattern) for pattern in patterns), default=1) - 1
    for length in range(min(longest, len(text)), 0, -1):
        end = text[-length:]
        if any(len(pattern) > length and pattern.startswith(end) for pattern in patterns):
            return length
    return 0


class StopFilter:
    """Passes text on until a stop string is found, also one that spreads over several pieces."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        if self.stopped or not text:
            return ""
        if not self._stops:
            return text
        whole = self._held + text
        found = [at for at in map(whole.find, self._stops) if at >= 0]
        if found:
            self.stopped, self._held = True, ""
            return whole[: min(found)]
        cut = len(whole) - held_suffix(whole, self._stops)
        self._held = whole[cut:]
        return whole[:cut]

    def finish(self) -> str:
        """What was held back and did not become a stop string."""
        held, self._held = self._held, ""
        return held


@dataclass(frozen=True, slots=True)
class Piece:
    text: str = ""
    reasoning: str = ""


class ReasoningSplitter:
    """Tells reasoning between think tags from the answer.

    Only a tag that opens the output counts; one that an answer mentions later is text. Blanks at the beginning of either
    side are dropped. With `opened`, the prompt ended inside the tags already.
    """

    def __init__(self, *, enabled: bool, opened: bool = False) -> None:
        self._state = ("reasoning" if opened else "start") if enabled else "answer"
        self._held = ""
        self._trim = True

    @property
    def reasoning(self) -> bool:
        return self._state == "reasoning"

    def feed(self, text: str) -> Piece:
        if self._state == "answer":
            return Piece(text=self._trimmed(text))
        whole, self._held = self._held + text, ""
        return self._start(whole) if self._state == "start" else self._reason(whole)

    def _start(self, whole: str) -> Piece:
        body = whole.lstrip()
        if body.startswith(OPEN_TAG):
            self._state = "reasoning"
            return self._reason(body[len(OPEN_TAG) :])
        if OPEN_TAG.startswith(body):
            self._held = whole
            return Piece()
        self._state = "answer"
        return Piece(text=self._trimmed(whole))

    def _reason(self, whole: str) -> Piece:
        inside, tag, after = whole.partition(CLOSE_TAG)
        if tag:
            reasoning = self._trimmed(inside).rstrip()
            self._state, self._trim = "answer", True
            return Piece(self._trimmed(after), reasoning)
        cut = len(whole) - held_suffix(whole, (CLOSE_TAG,))
        cut = len(whole[:cut].rstrip())
        self._held = whole[cut:]
        return Piece(reasoning=self._trimmed(whole[:cut]))

    def _trimmed(self, text: str) -> str:
        """Drop blanks until the first text of this side."""
        if self._trim:
            text = text.lstrip()
            self._trim = not text
        return text

    def finish(self) -> Piece:
        held, self._held = self._held, ""
        return Piece(reasoning=self._trimmed(held).rstrip()) if self.reasoning else Piece(text=self._trimmed(held))


class TextStream:
    """All steps of one answer."""

    def __init__(self, stops: Sequence[str], *, thinks: bool = False, opened: bool = False) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._splitter = ReasoningSplitter(enabled=thinks, opened=opened)
        self._stops = StopFilter(stops)

    @property
    def stopped(self) -> bool:
        return self._stops.stopped

    @property
    def reasoning(self) -> bool:
        return self._splitter.reasoning

    def feed(self, token: bytes) -> Piece:
        piece = self._splitter.feed(self._decoder.decode(token))
        return Piece(self._stops.feed(piece.text), piece.reasoning)

    def finish(self) -> Piece:
        """What is still held back. A character that lacks bytes at the very end is dropped: it never was one."""
        piece = self._splitter.finish()
        text = self._stops.feed(piece.text)
        return Piece(text + self._stops.finish(), piece.reasoning)
