"""A section of a document and the context that is embedded before each of its chunks: the title and the headings above."""

from engines.parsing.worker.chunking.token_counter import TokenCounter

SEPARATOR = " › "
_MAX_CONTEXT_SHARE = 4
"""The context may take one fourth of the chunk's maximum number of tokens; a longer one is shortened."""


class Section:
    """The text below a path of headings."""

    def __init__(
        self, tokens: TokenCounter, titles: tuple[str, ...], headings: tuple[str, ...], max_tokens: int
    ) -> None:
        self._tokens = tokens
        self._titles = titles
        self._max_context_tokens = max_tokens // _MAX_CONTEXT_SHARE
        self.headings = headings
        suffixes = (set(headings[begin:]) for begin in range(len(headings) + 1))
        self.context_tokens = max(tokens.count(self.context_without(own)) for own in suffixes)
        """Tokens of the longest context of this section.

        Every suffix of the headings is tried: when fewer headings are needed, the title may fit again and make it longer.
        """

    def context_without(self, own: set[str]) -> str:
        """Return the context of a chunk whose text contains the headings `own`."""
        known = {heading.casefold() for heading in self.headings}
        titles = [title for title in self._titles if title.casefold() not in known]
        return self._shorten(titles, [heading for heading in self.headings if heading not in own])

    def _shorten(self, titles: list[str], headings: list[str]) -> str:
        """Join the parts. Drop the outer headings first, then the last title, then the innermost heading, then cut."""
        parts = [*titles, *headings]
        while len(parts) > 1 and self._tokens.count(SEPARATOR.join(parts)) > self._max_context_tokens:
            if len(headings) > 1:
                del headings[0]
            elif len(titles) > 1:
                del titles[-1]
            else:
                del (titles or headings)[0]
            parts = [*titles, *headings]
        context = SEPARATOR.join(parts)
        spans = self._tokens.spans(context)
        if len(spans) > self._max_context_tokens:
            return context[: spans[self._max_context_tokens][0]].rstrip()
        return context
