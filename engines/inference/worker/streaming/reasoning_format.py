"""The format of a model's reasoning: the markers that separate reasoning from the answer in the generated text.

Most models write `<think>reasoning</think>answer`. Others use different tags, put the answer into tags too, or write
reasoning and answer as separate messages ("channels"), each with a header of its own:
`<|channel|>analysis<|message|>reasoning<|end|><|start|>assistant<|channel|>final<|message|>answer`.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

CONTROL_START, CONTROL_END = "\ue0f2", "\ue0f3"
"""Private code points around the text of a control token in the generated text."""

_CONTROL_TOKEN = re.compile(f"{CONTROL_START}[^{CONTROL_END}]*{CONTROL_END}")


class Section(Enum):
    """A section of the generated text."""

    START = auto()
    "Nothing was generated yet: a marker or the answer follows."
    REASONING = auto()
    GAP = auto()
    "The reasoning is closed: the answer, a marker that opens it, or another block of reasoning follows."
    ANSWER = auto()
    WRAPPED_ANSWER = auto()
    "An answer that began with a marker and ends with one."
    AFTER_ANSWER = auto()
    "A wrapped answer is closed: another message may follow."


@dataclass(frozen=True, slots=True)
class Block:
    """Markers around reasoning."""

    opening: str
    closing: str
    opens_answer: bool = False
    "True if the closing marker of the reasoning also opens the answer."


@dataclass(frozen=True, slots=True)
class ReasoningFormat:
    """The markers of one model. Markers are compared without surrounding whitespace."""

    blocks: tuple[Block, ...]
    answer_openings: tuple[str, ...] = ()
    answer_closings: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    "Texts between two messages, such as `<|start|>assistant`. They are removed from the generated text."
    is_strict: bool = False
    "True if markers are recognized only as control tokens; a marker that an answer spells out is ordinary text."

    def section(self, prompt: str) -> Section:
        """Return the section that the generated text continues, from the end of the rendered prompt."""
        end = prompt.rstrip()
        for header in self.headers:
            end = end.removesuffix(header).rstrip() if end != header else end
        if any(end.endswith(block.opening) for block in self.blocks):
            return Section.REASONING
        if any(end.endswith(opening) for opening in self.answer_openings):
            return Section.WRAPPED_ANSWER
        if any(end.endswith(block.closing) for block in self.blocks):
            return Section.GAP
        return Section.START

    def markers(self) -> Iterator[str]:
        for block in self.blocks:
            yield from (block.opening, block.closing)
        yield from (*self.answer_openings, *self.answer_closings, *self.headers)

    def marker_tokens(self, texts: Collection[str]) -> set[str]:
        """Return the texts of `texts` that are part of a marker."""
        return {text for text in texts if any(text in marker for marker in self.markers())}

    def bind(self, tokens: Collection[str]) -> "ReasoningFormat":
        """Return the format with every text of `tokens` in its markers delimited as by `as_control_token`.

        Unless the format is strict, the markers are also recognized if they are spelled out.
        """
        if not tokens:
            return self
        pattern = re.compile("|".join(re.escape(text) for text in sorted(tokens, key=len, reverse=True)))

        def bound(markers: tuple[str, ...]) -> tuple[str, ...]:
            with_tokens = tuple(pattern.sub(lambda found: as_control_token(found[0]), marker) for marker in markers)
            return with_tokens if self.is_strict else tuple(dict.fromkeys((*with_tokens, *markers)))

        return replace(
            self,
            blocks=tuple(
                replace(block, opening=opening, closing=closing)
                for block in self.blocks
                for opening in bound((block.opening,))
                for closing in bound((block.closing,))
            ),
            answer_openings=bound(self.answer_openings),
            answer_closings=bound(self.answer_closings),
            headers=bound(self.headers),
        )


def as_control_token(text: str) -> str:
    """Return the text of a control token between CONTROL_START and CONTROL_END, as it occurs in the generated text."""
    return f"{CONTROL_START}{text}{CONTROL_END}"


def without_control_tokens(text: str) -> str:
    """Remove the control tokens that are not part of a marker."""
    return _CONTROL_TOKEN.sub("", text) if CONTROL_START in text else text
