"""A model that writes what it is told to write, with the face of a real one."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from engines.inference import Generation
from engines.inference.protocol import Finished, GenerateEvent, Priority, PromptProgress, Written
from records.errors import ContextOverflow
from records.model import LoadSettings
from records.session import FinishReason, SamplingSettings

ChatMessage = tuple[str, str]

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


@dataclass(slots=True)
class Script:
    """One answer: its words, each a token and an event; what it waits for before the last; how it fails instead."""

    words: Sequence[str] = ("Hello", " world.")
    reasoning: Sequence[str] = ()
    gate: asyncio.Event | None = None
    "Before the last word."
    error: Exception | None = None
    "Raised instead of the last word."


@dataclass(slots=True)
class Asked:
    """What it was asked."""

    messages: list[ChatMessage]
    sampling: SamplingSettings
    conversation: str
    priority: Priority
    json_schema: str | None


class FakeInference:
    """A token is a word between blanks. Scripts are used in order, the last one for ever."""

    def __init__(self, *scripts: Script, context_length: int = 4096, thinks: bool = False) -> None:
        self._scripts = deque(scripts or (Script(),))
        self._context_length = context_length
        self._thinks = thinks
        self.asked: list[Asked] = []
        self.canceled = 0

    @property
    def context_length(self) -> int:
        return self._context_length

    @property
    def settings(self) -> LoadSettings:
        return SETTINGS

    @property
    def thinks(self) -> bool:
        return self._thinks

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    async def count_prompt(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(text.split()) + 4 for _, text in messages)

    @asynccontextmanager
    async def generate(
        self,
        messages: Sequence[ChatMessage],
        sampling: SamplingSettings,
        conversation: str,
        priority: Priority = Priority.CHAT,
        json_schema: str | None = None,
    ) -> AsyncIterator[Generation]:
        prompt = await self.count_prompt(messages)
        if prompt + (sampling.max_tokens or 1) > self._context_length:
            raise ContextOverflow(f"The prompt has {prompt} tokens; the context window is {self._context_length}.")
        self.asked.append(Asked(list(messages), sampling, conversation, priority, json_schema))
        script = self._scripts.popleft() if len(self._scripts) > 1 else self._scripts[0]
        generation = FakeGeneration(script, prompt, "\n".join(f"{role}: {text}" for role, text in messages))
        try:
            yield generation
        finally:
            self.canceled += not generation.is_over


@dataclass(slots=True)
class FakeGeneration:
    script: Script
    prompt_tokens: int
    prompt: str
    is_over: bool = False
    _finished: Finished | None = field(default=None, init=False)

    @property
    def finished(self) -> Finished:
        assert self._finished is not None, "known only after the last event"
        return self._finished

    async def __aiter__(self) -> AsyncIterator[GenerateEvent]:
        yield PromptProgress(0, self.prompt_tokens, 0)
        yield PromptProgress(0, self.prompt_tokens, self.prompt_tokens)
        for thought in self.script.reasoning:
            yield Written("", thought, 1)
        *first, last = self.script.words or ("",)
        for word in first:
            await asyncio.sleep(0)
            yield Written(word, "", 1)
        if self.script.gate is not None:
            await self.script.gate.wait()
        if self.script.error is not None:
            self.is_over = True
            raise self.script.error
        if last:
            yield Written(last, "", 1)
        self._finish()

    def _finish(self) -> None:
        self.is_over = True
        self._finished = Finished(
            finish_reason=FinishReason.STOP,
            prompt_tokens=self.prompt_tokens,
            cached_tokens=0,
            completion_tokens=len(self.script.words) + len(self.script.reasoning),
            reasoning_tokens=len(self.script.reasoning),
            queued_ms=0.0,
            time_to_first_token_ms=1.0,
            tokens_per_second=100.0,
            prompt=self.prompt,
        )
