"""A scripted model: it generates the words that a test provides, and implements `engines.inference.Inference`."""

from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel

from engines.inference import Generation
from engines.inference.client import ChatMessage
from engines.inference.protocol import CompletionDelta, Finished, GenerateEvent, PromptProgress, ReasoningSupport
from records.errors import ContextOverflow, Unsupported
from records.model import LoadSettings
from records.session import FinishReason, SamplingSettings

SETTINGS = LoadSettings(
    context_length=4096,
    gpu_layers=0,
    threads=1,
    batch_size=512,
    parallel_sequences=1,
    flash_attention=True,
    key_cache_type="f16",
    value_cache_type="f16",
    use_mmap=True,
    use_mlock=False,
    offloaded_layers=0,
    device="CPU",
)
TOKENS_PER_MESSAGE = 4


@dataclass(slots=True)
class Script:
    """The text of one answer. Each word is a token and an event."""

    words: Sequence[str] = ("Hello", " world.")
    reasoning: Sequence[str] = ()
    gate: anyio.Event | None = None
    "Awaited before the last word."
    error: Exception | None = None
    "Raised instead of the last word."
    finish_reason: FinishReason = FinishReason.STOP
    stop_string: str | None = None


@dataclass(slots=True)
class Request:
    """A generation that was requested."""

    messages: list[ChatMessage]
    sampling: SamplingSettings
    conversation: str
    salt: str
    thinking: bool
    json_schema: str | None
    was_canceled: bool = False


class FakeInference:
    """A token is a word between blanks. Scripts are used in order, the last one for all further answers."""

    def __init__(
        self,
        *scripts: Script,
        context_length: int = 4096,
        reasoning: ReasoningSupport = ReasoningSupport.NONE,
        rejected: str | None = None,
    ) -> None:
        """`rejected` is a text that the chat template rejects in any message."""
        self._scripts = deque(scripts or (Script(),))
        self._context_length = context_length
        self._reasoning = reasoning
        self._rejected = rejected
        self.requests: list[Request] = []

    @property
    def context_length(self) -> int:
        return self._context_length

    @property
    def settings(self) -> LoadSettings:
        return SETTINGS

    @property
    def reasoning(self) -> ReasoningSupport:
        return self._reasoning

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    async def count_prompt(
        self, messages: Sequence[ChatMessage], conversation: str = "", *, thinking: bool = False
    ) -> int:
        if self._rejected is not None and any(self._rejected in text for _, text in messages):
            raise Unsupported("The model's chat template rejects this conversation.", None)
        return sum(len(text.split()) + TOKENS_PER_MESSAGE for _, text in messages)

    @asynccontextmanager
    async def generate(
        self,
        messages: Sequence[ChatMessage],
        sampling: SamplingSettings,
        conversation: str,
        *,
        salt: str,
        thinking: bool = False,
        json_schema: str | None = None,
    ) -> AsyncIterator[Generation]:
        prompt = await self.count_prompt(messages, conversation, thinking=thinking)
        if prompt + (sampling.max_tokens or 1) > self._context_length:
            raise ContextOverflow(f"The prompt has {prompt} tokens; the context window is {self._context_length}.")
        request = Request(list(messages), sampling, conversation, salt, thinking, json_schema)
        self.requests.append(request)
        script = self._scripts.popleft() if len(self._scripts) > 1 else self._scripts[0]
        generation = FakeGeneration(script, prompt, "\n".join(f"{role}: {text}" for role, text in messages))
        try:
            yield generation
        finally:
            request.was_canceled = not generation.is_ended


@dataclass(slots=True)
class FakeGeneration:
    script: Script
    prompt_tokens: int
    prompt: str
    is_ended: bool = False
    _finished: Finished | None = field(default=None, init=False)

    @property
    def finished(self) -> Finished:
        assert self._finished is not None, "available after the last event"
        return self._finished

    async def __aiter__(self) -> AsyncIterator[GenerateEvent]:
        yield PromptProgress(0, self.prompt_tokens, 0)
        yield PromptProgress(0, self.prompt_tokens, self.prompt_tokens)
        for thought in self.script.reasoning:
            yield CompletionDelta("", thought, 1)
        *first, last = self.script.words or ("",)
        for word in first:
            await anyio.lowlevel.checkpoint()
            yield CompletionDelta(word, "", 1)
        if self.script.gate is not None:
            await self.script.gate.wait()
        if self.script.error is not None:
            self.is_ended = True
            raise self.script.error
        if last:
            yield CompletionDelta(last, "", 1)
        self._finish()

    def _finish(self) -> None:
        self.is_ended = True
        self._finished = Finished(
            finish_reason=self.script.finish_reason,
            prompt_tokens=self.prompt_tokens,
            cached_tokens=0,
            completion_tokens=len(self.script.words) + len(self.script.reasoning),
            reasoning_tokens=len(self.script.reasoning),
            queued_ms=0.0,
            time_to_first_token_ms=1.0,
            tokens_per_second=100.0,
            prompt=self.prompt,
            stop_string=self.script.stop_string,
        )
