"""The tokens of one generation, counted while it runs, so that a canceled one counts too."""

from dataclasses import dataclass

from engines.inference.protocol import Finished, GenerateEvent, PromptProgress
from records.access.usage import TokenCount


@dataclass(slots=True)
class TokenTally:
    """Counts the prefilled and the generated tokens from the events of a generation."""

    _prompt_tokens: int = 0
    _prefilled: int = 0
    _completion: int = 0

    def add(self, event: GenerateEvent) -> None:
        if isinstance(event, PromptProgress):
            self._prompt_tokens, self._prefilled = event.prompt_tokens, event.prefilled_tokens
        else:
            self._prefilled = self._prompt_tokens
            self._completion += event.tokens

    def finish(self, finished: Finished) -> None:
        """Take the exact numbers from the summary of a generation."""
        self._prefilled, self._completion = finished.prompt_tokens, finished.completion_tokens

    @property
    def tokens(self) -> TokenCount:
        return TokenCount(self._prefilled, self._completion)
