"""From a conversation to the tokens that the model reads.

What people and documents say must not speak in the template's own voice: a control token that is spelled out in a message
(`<|im_end|>`) is read as plain characters. So such texts are replaced by marks from Unicode's private area before the
template is rendered, and each piece between marks is tokenized for itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engines.inference.backend import Model
from engines.inference.template import ChatTemplate, Completion, Message
from engines.inference.text import CLOSE_TAG, OPEN_TAG

_MARK, _MARK_END = "\ue0f0", "\ue0f1"
_MARKED = re.compile(f"({_MARK}[0-9]{{1,9}}{_MARK_END})")


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    "Exactly as it was rendered."
    tokens: list[int]
    opens_reasoning: bool
    "The template has opened the think tag already."


class PromptReader:
    """Renders and tokenizes; one for each loaded model, used from one thread."""

    def __init__(self, model: Model, template: ChatTemplate | Completion) -> None:
        self._model = model
        self._template = template
        specials = sorted(set(model.special_texts().values()), key=len, reverse=True)
        self._guarded = re.compile("|".join(re.escape(text) for text in [_MARK, *specials]))
        self._bos = model.text(model.bos())

    def read(self, messages: Sequence[Message]) -> Prompt:
        """Raises `TemplateFailed`."""
        found: list[str] = []
        guarded = [(role, self._guard(text, found)) for role, text in messages]
        rendered = self._template.render(guarded)
        text = _MARKED.sub(lambda mark: _original(mark[0], found), rendered)
        return Prompt(text, self._tokenize(rendered, found), _is_open(rendered))

    def count(self, text: str) -> int:
        return len(self._model.tokenize(text, special=False, begin=False))

    def _guard(self, text: str, found: list[str]) -> str:
        def mark(match: re.Match[str]) -> str:
            found.append(match[0])
            return f"{_MARK}{len(found) - 1}{_MARK_END}"

        return self._guarded.sub(mark, text)

    def _tokenize(self, rendered: str, found: list[str]) -> list[int]:
        begin = not (self._bos and rendered.startswith(self._bos))
        tokens: list[int] = []
        for at, piece in enumerate(_MARKED.split(rendered)):
            is_mark = at % 2 == 1
            text = _original(piece, found) if is_mark else piece
            if text or at == 0:
                tokens += self._model.tokenize(text, special=not is_mark, begin=begin and at == 0)
        return tokens


def _original(mark: str, found: list[str]) -> str:
    """A number that was never given comes from a template of its own invention: it stays as it is."""
    number = int(mark[1:-1])
    return found[number] if number < len(found) else mark


def _is_open(rendered: str) -> bool:
    return rendered.rfind(OPEN_TAG) > rendered.rfind(CLOSE_TAG) and rendered.rstrip().endswith(OPEN_TAG)
