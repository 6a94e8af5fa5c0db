"""Splits generated text into reasoning and answer while it is streamed, by the model's reasoning format."""

from collections.abc import Sequence
from dataclasses import dataclass

from engines.inference.worker.streaming.reasoning_format import (
    ReasoningFormat,
    Section,
    without_control_tokens,
)
from engines.inference.worker.streaming.stop_filter import held_suffix

SEPARATOR = "\n\n"
"""Text between two blocks of reasoning, and between two parts of an answer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The next text of the answer and the next text of its reasoning; either may be empty."""

    text: str = ""
    reasoning: str = ""


class ReasoningSplitter:
    """Splits generated text into reasoning and answer. Holds back only text that may be the start of a marker.

    Whitespace at the beginning and end of reasoning is removed.

    An opening marker counts only before the answer begins: an answer that mentions the marker is not split.
    """

    def __init__(self, format: ReasoningFormat | None, section: Section = Section.START) -> None:
        """Create a splitter. `section` is the section that is open where the prompt ends."""
        self._format = format
        self._section = section if format else Section.ANSWER
        self._closings = _closings(format, None) if format else ()
        self._held = ""
        self._is_trimming = True
        self._has_text = self._has_reasoning = False
        self.found_marker = False
        "A marker was removed from the text."
        self.is_ended = False
        "The answer is complete: text after its closing marker does not belong to it."

    @property
    def is_reasoning(self) -> bool:
        return self._section is Section.REASONING

    def feed(self, text: str) -> Piece:
        if self._section is Section.ANSWER:
            return Piece(text=self._trimmed(without_control_tokens(text)))
        self._held += text
        section = self._section
        shown = self._advance()
        while self._section is not section:
            section = self._section
            shown = _joined(shown, self._advance())
        return shown

    def _advance(self) -> Piece:
        """Consume the text that was held back, up to the next change of the section, and return what can be shown."""
        match self._section:
            case Section.REASONING:
                return self._until(self._closings)
            case Section.WRAPPED_ANSWER:
                assert self._format is not None
                return self._until(self._format.answer_closings)
            case Section.ANSWER:
                held, self._held = self._held, ""
                return Piece(text=self._trimmed(without_control_tokens(held)))
            case _:
                self._match_markers()
                return Piece()

    def _match_markers(self) -> None:
        """Enter the section whose marker is at the start of the held-back text. Without a marker, enter the answer.

        Do nothing while the text may still become a marker.
        """
        assert self._format is not None
        body = self._held.lstrip()
        for header in self._format.headers:
            if body.startswith(header):
                body = body[len(header) :].lstrip()
                self._held = body
        for block in self._format.blocks:
            if body.startswith(block.opening):
                self._closings = _closings(self._format, block.opening)
                self._enter(Section.REASONING, body[len(block.opening) :])
                return
        for opening in self._format.answer_openings:
            if body.startswith(opening):
                self._enter(Section.WRAPPED_ANSWER, body[len(opening) :])
                return
        is_undecided = not body or any(marker.startswith(body) for marker in self._candidates())
        if is_undecided:
            return
        if self._section is Section.AFTER_ANSWER:
            self.is_ended = True
        else:
            self._section, self._is_trimming = Section.ANSWER, True

    def _candidates(self) -> Sequence[str]:
        assert self._format is not None
        openings = (block.opening for block in self._format.blocks)
        return (*openings, *self._format.answer_openings, *self._format.headers)

    def _enter(self, section: Section, rest: str) -> None:
        self._section, self._held = section, rest
        self._is_trimming = self.found_marker = True

    def _until(self, closings: Sequence[str]) -> Piece:
        """Return the held-back text before the first of `closings`, and enter the next section.

        Without such a marker, return the text without the end that may be the start of one. Whitespace at the end of the
        returned text is dropped before a marker, and still held back otherwise.
        """
        whole = self._held
        found = [(place, -len(closing), closing) for closing in closings if (place := whole.find(closing)) >= 0]
        if found:
            place, _, closing = min(found)
            shown = self._shown(whole[:place].rstrip())
            self._enter(self._section_after(closing), whole[place + len(closing) :])
            return shown
        end = len(whole) - held_suffix(whole, closings)
        end = len(whole[:end].rstrip())
        self._held = whole[end:]
        return self._shown(whole[:end])

    def _section_after(self, closing: str) -> Section:
        assert self._format is not None
        if self._section is Section.WRAPPED_ANSWER:
            return Section.AFTER_ANSWER
        opens_answer = any(block.opens_answer and block.closing == closing for block in self._format.blocks)
        return Section.WRAPPED_ANSWER if opens_answer else Section.GAP

    def _shown(self, text: str) -> Piece:
        text = self._trimmed(without_control_tokens(text))
        if not text:
            return Piece()
        if self._section is Section.REASONING:
            return Piece(reasoning=text)
        return Piece(text=text)

    def _trimmed(self, text: str) -> str:
        """Remove whitespace at the beginning of a section; put SEPARATOR in front if an earlier one was of the same kind."""
        if not self._is_trimming:
            return text
        text = text.lstrip()
        if not text:
            return ""
        self._is_trimming = False
        if self._section is Section.REASONING:
            is_first, self._has_reasoning = not self._has_reasoning, True
        else:
            is_first, self._has_text = not self._has_text, True
        return text if is_first else SEPARATOR + text

    def finish(self) -> Piece:
        """End the text: return what was held back because it could have been the start of a marker."""
        held, self._held = self._held, ""
        match self._section:
            case Section.REASONING:
                return self._shown(held.rstrip())
            case Section.AFTER_ANSWER:
                return Piece()
            case _:
                return self._shown(held)


def _closings(format: ReasoningFormat, opening: str | None) -> tuple[str, ...]:
    """Return the closing markers of the blocks that `opening` opens; of all blocks if `opening` is None."""
    return tuple(dict.fromkeys(block.closing for block in format.blocks if opening in (None, block.opening)))


def _joined(one: Piece, other: Piece) -> Piece:
    return Piece(one.text + other.text, one.reasoning + other.reasoning)
