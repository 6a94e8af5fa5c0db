"""What is embedded in front of a chunk: the document's title and the headings above it."""

from engines.parsing.worker.tokens import Tokens

SEPARATOR = " › "
_SHARE = 4
"""The context takes a quarter of the most tokens at most; it is cut where it is longer."""


class Section:
    def __init__(self, tokens: Tokens, title: str | None, headings: tuple[str, ...], max_tokens: int) -> None:
        self._tokens = tokens
        self._title = title
        self._cap = max_tokens // _SHARE
        self.headings = headings
        suffixes = (set(headings[begin:]) for begin in range(len(headings) + 1))
        self.context_tokens = max(tokens.count(self.context_without(own)) for own in suffixes)
        "The longest that a context of this section gets: cut, a shorter list of headings may leave room for the title."

    def context_without(self, own: set[str]) -> str:
        """`own` are the headings that the chunk holds itself."""
        parts = [heading for heading in self.headings if heading not in own]
        if self._title and self._title.casefold() not in {heading.casefold() for heading in self.headings}:
            parts.insert(0, self._title)
        return self._cut(parts)

    def _cut(self, parts: list[str]) -> str:
        """Headings between the title and the innermost one go first, then the title, then the end of what is left."""
        while len(parts) > 1 and self._tokens.count(SEPARATOR.join(parts)) > self._cap:
            del parts[1 if len(parts) > 2 else 0]
        context = SEPARATOR.join(parts)
        spans = self._tokens.spans(context)
        return context[: spans[self._cap][0]].rstrip() if len(spans) > self._cap else context
