"""A section of a document and the context that is embedded before each of its chunks: the title and the headings above."""

from engines.parsing.worker.chunking.token_counter import TokenCounter

SEPARATOR = " › "
_MAX_CONTEXT_SHARE = 4
"""The context may take one fourth of the chunk's maximum number of tokens; a longer one is shortened."""


class Section:
    """The text below a path of headings."""

    def __init__(self, tokens: TokenCounter, title: str | None, headings: tuple[str, ...], max_tokens: int) -> None:
        self._tokens = tokens
        self._title = title
        self._max_context_tokens = max_tokens // _MAX_CONTEXT_SHARE
        self.headings = headings
        suffixes = (set(headings[begin:]) for begin in range(len(headings) + 1))
        self.context_tokens = max(tokens.count(self.context_without(own)) for own in suffixes)
        """Tokens of the longest context of this section.

        Every suffix of the headings is tried: when fewer headings are needed, the title may fit again and make it longer.
        """

    def context_without(self, own: set[str]) -> str:
        """Return the context of a chunk whose text contains the headings `own`."""
        parts = [heading for heading in self.headings if heading not in own]
        if self._title and self._title.casefold() not in {heading.casefold() for heading in self.headings}:
            parts.insert(0, self._title)
        return self._shorten(parts)

    def _shorten(self, parts: list[str]) -> str:
        """Join the parts. Drop the headings between title and innermost heading first, then the title, then cut."""
        while len(parts) > 1 and self._tokens.count(SEPARATOR.join(parts)) > self._max_context_tokens:
            del parts[1 if len(parts) > 2 else 0]
        context = SEPARATOR.join(parts)
        spans = self._tokens.spans(context)
        if len(spans) > self._max_context_tokens:
            return context[: spans[self._max_context_tokens][0]].rstrip()
        return context
