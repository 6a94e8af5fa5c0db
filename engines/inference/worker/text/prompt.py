"""From a conversation to the tokens that the model reads.

What people and documents say must not speak in the template's own voice: a control token that is spelled out in a message
(`<|im_end|>`) is read as plain characters. So such texts are replaced by marks from Unicode's private area before the
template is rendered, and each piece between marks is tokenized for itself. An answer whose own tokens are known is such a
mark too, and comes back as those.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engines.inference.worker.llama.model import Model
from engines.inference.worker.text.chat_template import ChatTemplate, CompletionTemplate, Message
from engines.inference.worker.text.completion_tokens import CompletionTokens
from engines.inference.worker.text.text_stream import CLOSE_TAG, OPEN_TAG

_MARK, _MARK_END = "\ue0f0", "\ue0f1"
_MARKED = re.compile(f"({_MARK}[0-9]{{1,9}}{_MARK_END})")


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    "Exactly as it was rendered."
    tokens: list[int]
    opens_reasoning: bool
    "The template has opened the think tag already."


@dataclass(frozen=True, slots=True)
class Marked:
    """What stands behind a mark; tokens where they are known."""

    text: str
    tokens: list[int] | None = None


class PromptReader:
    """Renders and tokenizes; one for each loaded model, used from one thread."""

    def __init__(
        self, model: Model, template: ChatTemplate | CompletionTemplate, transcripts: CompletionTokens
    ) -> None:
        self._model = model
        self._transcripts = transcripts
        self._template = template
        specials = sorted(set(model.special_texts().values()), key=len, reverse=True)
        self._guarded = re.compile("|".join(re.escape(text) for text in [_MARK, *specials]))
        self._bos = model.text(model.bos())

    def read(self, messages: Sequence[Message], conversation: str = "") -> Prompt:
        """Raises `TemplateFailed`."""
        found: list[Marked] = []
        guarded = [(role, self._guard(role, text, conversation, found)) for role, text in messages]
        rendered = self._template.render(guarded)
        text = _MARKED.sub(lambda mark: _original(mark[0], found).text, rendered)
        return Prompt(text, self._tokenize(rendered, found), _is_open(rendered))

    def count(self, text: str) -> int:
        return len(self._model.tokenize(text, special=False, begin=False))

    def _guard(self, role: str, text: str, conversation: str, found: list[Marked]) -> str:
        def mark(marked: Marked) -> str:
            found.append(marked)
            return f"{_MARK}{len(found) - 1}{_MARK_END}"

        written = self._transcripts.find(conversation, text) if role == "assistant" and conversation else None
        if written is not None:
            return mark(Marked(text, written))
        return self._guarded.sub(lambda match: mark(Marked(match[0])), text)

    def _tokenize(self, rendered: str, found: list[Marked]) -> list[int]:
        begin = not (self._bos and rendered.startswith(self._bos))
        tokens: list[int] = []
        pieces = _MARKED.split(rendered)
        marks = [_original(mark, found) for mark in pieces[1::2]]
        for at, piece in enumerate(pieces):
            is_mark = at % 2 == 1
            marked = marks[at // 2] if is_mark else Marked(self._without_blank(piece, marks[at // 2 : at // 2 + 1]))
            if marked.tokens is not None:
                tokens += marked.tokens
            elif marked.text or at == 0:
                tokens += self._model.tokenize(marked.text, special=not is_mark, begin=begin and at == 0)
        return tokens

    def _without_blank(self, text: str, following: Sequence[Marked]) -> str:
        """A blank in front of an answer that the model began with a blank of its own is the template's repetition of it."""
        answer = following[0].tokens if following else None
        return text.removesuffix(" ") if answer and self._model.piece(answer[0])[:1].isspace() else text


def _original(mark: str, found: list[Marked]) -> Marked:
    """A number that was never given comes from a template of its own invention: it stays as it is."""
    number = int(mark[1:-1])
    return found[number] if number < len(found) else Marked(mark)


def _is_open(rendered: str) -> bool:
    return rendered.rfind(OPEN_TAG) > rendered.rfind(CLOSE_TAG) and rendered.rstrip().endswith(OPEN_TAG)
