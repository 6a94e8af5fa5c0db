"""Builds the tokens of a prompt from a conversation.

Texts of users and documents must not act as control tokens: a control token that is spelled out in a message, such as
`<|im_end|>`, must be read as plain characters. Therefore these texts are replaced by placeholders from Unicode's private
area before the template is rendered, and the parts between placeholders are tokenized separately. An answer whose tokens
are known becomes a placeholder too, and is replaced by exactly these tokens.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from engines.inference.worker.llama.model import Model
from engines.inference.worker.prompting.chat_template import ChatTemplate, Message
from engines.inference.worker.prompting.conversation_format import ConversationFormat
from engines.inference.worker.streaming.completion_tokens import CompletionTokens
from engines.inference.worker.streaming.reasoning_format import Section

_START, _END = "\ue0f0", "\ue0f1"
_PLACEHOLDER = re.compile(f"({_START}[0-9]{{1,9}}{_END})")

_HTML = re.compile(
    r"</?(a|abbr|b|blockquote|body|br|caption|code|col|colgroup|dd|del|div|dl|dt|em|h[1-6]|head|hr|html|i|img|ins|kbd|li|"
    r"mark|ol|p|pre|q|s|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul|var)/?>"
)
"""HTML tags that some vocabularies have as user-defined tokens. They are ordinary text and remain one token."""

_LEAD = "\n"
"""Text that is put in front of a continuation before it is tokenized; its tokens are removed from the result.

SentencePiece never merges a line break with the text that follows it.
"""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt with its tokens."""

    text: str
    tokens: list[int]
    section: Section
    "The section of the generated text that is open where the prompt ends."


@dataclass(frozen=True, slots=True)
class _Literal:
    """The text that a placeholder stands for, with its tokens if they are known."""

    text: str
    tokens: list[int] | None = None


class PromptBuilder:
    """Renders and tokenizes conversations for one model. Used by one thread."""

    def __init__(self, model: Model, format: ConversationFormat, completion_tokens: CompletionTokens) -> None:
        self._model = model
        self._format = format
        self._completion_tokens = completion_tokens
        self._bos = model.text(model.bos())
        user_defined = _markup(model, format)
        self._user_defined = _alternatives(user_defined)
        self._protected = _alternatives({_START, *user_defined, *model.control_tokens.values()})
        self._lead = model.tokenize(_LEAD, parse_special=False, add_special=False)
        self._adds_space = b"".join(map(model.piece, self._lead)) != _LEAD.encode()
        "The tokenizer puts a space in front of every text (SentencePiece with `add_space_prefix`)."

    def build(self, messages: Sequence[Message], conversation: str = "", *, thinking: bool = False) -> Prompt:
        """Render a conversation. Raises `TemplateFailed` if the chat template rejects it."""
        literals: list[_Literal] = []
        protected = [(role, self._protect(role, text, conversation, literals)) for role, text in messages]
        rendered = self._format.render(protected, thinking=thinking)
        text = _PLACEHOLDER.sub(lambda found: _literal(found[0], literals).text, rendered)
        return Prompt(text, self._tokenize(rendered, literals), self._format.section(rendered))

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        return len(self._model.tokenize(text, parse_special=False, add_special=False))

    def _protect(self, role: str, text: str, conversation: str, literals: list[_Literal]) -> str:
        """Replace each text that must not act as a control token by a placeholder."""

        def placeholder(literal: _Literal) -> str:
            literals.append(literal)
            return f"{_START}{len(literals) - 1}{_END}"

        tokens = self._completion_tokens.find(conversation, text) if role == "assistant" and conversation else None
        if tokens is not None:
            return placeholder(_Literal(text, tokens))
        return self._protected.sub(lambda found: placeholder(_Literal(found[0])), text)

    def _tokenize(self, rendered: str, literals: list[_Literal]) -> list[int]:
        add_special = not (self._bos and rendered.startswith(self._bos))
        tokens: list[int] = []
        parts = _PLACEHOLDER.split(rendered)
        for index, part in enumerate(parts):
            if index % 2:
                literal = _literal(part, literals)
                tokens += self._literal_tokens(literal, tokens)
                continue
            following = _literal(parts[index + 1], literals).tokens if index + 1 < len(parts) else None
            text = self._without_space(part, following)
            if index == 0:
                tokens += self._model.tokenize(text, parse_special=True, add_special=add_special)
            elif text:
                tokens += self._continue(text, tokens, parse_special=True)
        return tokens

    def _literal_tokens(self, literal: _Literal, before: list[int]) -> list[int]:
        """Return the tokens of a literal, none of which is a control token or user-defined token."""
        if literal.tokens is not None:
            return literal.tokens
        tokens: list[int] = []
        for text in self._cut(literal.text):
            tokens += self._continue(text, [*before[-1:], *tokens], parse_special=False)
        return tokens

    def _cut(self, text: str) -> Iterator[str]:
        """Yield the text in pieces, split after the first character of each spelled-out user-defined token.

        llama.cpp would recognize such a token in any text that contains all of it.
        """
        while found := self._user_defined.search(text):
            yield text[: found.start() + 1]
            text = text[found.start() + 1 :]
        yield text

    def _continue(self, text: str, before: list[int], *, parse_special: bool) -> list[int]:
        """Tokenize a text that follows the tokens `before`.

        The space that the tokenizer puts in front of a text is left out.
        """
        if self._adds_space and before and before[-1] not in self._model.control_tokens:
            tokens = self._model.tokenize(_LEAD + text, parse_special=parse_special, add_special=False)
            if tokens[: len(self._lead)] == self._lead:
                return tokens[len(self._lead) :]
        return self._model.tokenize(text, parse_special=parse_special, add_special=False)

    def _without_space(self, text: str, following: list[int] | None) -> str:
        """Remove the template's space in front of an answer whose first token begins with that space."""
        is_repeated = following and self._model.piece(following[0])[:1].isspace()
        return text.removesuffix(" ") if is_repeated else text


def _markup(model: Model, format: ConversationFormat) -> set[str]:
    """Return the user-defined tokens that are markup.

    Whitespace is not markup. HTML tags are markup only if the template uses them.
    """
    source = format.template.source if isinstance(format.template, ChatTemplate) else ""
    return {
        text
        for text in model.user_defined_tokens.values()
        if len(text.strip()) > 1 and (not _HTML.fullmatch(text) or text in source)
    }


def _alternatives(texts: Collection[str]) -> re.Pattern[str]:
    """Return a pattern that matches any of the texts, preferring longer ones; without texts it matches nothing."""
    return re.compile("|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)) or r"(?!)")


def _literal(placeholder: str, literals: list[_Literal]) -> _Literal:
    """Return the text that a placeholder stands for.

    If the template itself contains something like a placeholder, it is returned unchanged.
    """
    number = int(placeholder[1:-1])
    return literals[number] if number < len(literals) else _Literal(placeholder)
