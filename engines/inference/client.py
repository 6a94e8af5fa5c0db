"""Client of an inference worker: count tokens, generate answers, change settings."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, NoReturn, Protocol, TypeVar

import msgspec

from engines.inference.protocol import (
    ApplySettings,
    CountPrompt,
    CountTokens,
    EngineStatistics,
    Finished,
    Generate,
    GenerateEvent,
    Loaded,
    ReasoningSupport,
    Statistics,
    TokenCounts,
)
from records.codes import ErrorCode
from records.errors import Busy, Conflict, ContextOverflow, InvalidInput, ModelLoadFailed, Unsupported
from records.model import LoadRequest, LoadSettings
from records.session import SamplingSettings
from workers import Caller, CallStream, WorkerCallFailed

ChatMessage = tuple[str, str]
"""Role (`system`, `user`, `assistant`) and text."""

R = TypeVar("R", bound=msgspec.Struct)

_EVENT: Any = GenerateEvent
"""The union of events. A type checker does not accept a union where a type is expected."""

_RETRY_MS = 2000


class Generation(Protocol):
    """An asynchronous iterator over the events of one answer. `finished` is available after the last event."""

    def __aiter__(self) -> AsyncIterator[GenerateEvent]: ...
    @property
    def finished(self) -> Finished: ...


class Inference(Protocol):
    """A loaded model. Every method raises `WorkerCrashed` if the model's process ends during the call."""

    @property
    def context_length(self) -> int:
        """Maximum number of tokens of prompt and answer together."""
        ...

    @property
    def settings(self) -> LoadSettings: ...
    @property
    def reasoning(self) -> ReasoningSupport: ...

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text."""
        ...

    async def count_prompt(
        self, messages: Sequence[ChatMessage], conversation: str = "", *, thinking: bool = False
    ) -> int:
        """Return the number of tokens of the whole prompt, as `generate` would render it.

        Raises `Unsupported` if the model's chat template rejects the conversation.
        """
        ...

    def generate(
        self,
        messages: Sequence[ChatMessage],
        sampling: SamplingSettings,
        conversation: str,
        *,
        salt: str,
        thinking: bool = False,
        json_schema: str | None = None,
    ) -> AbstractAsyncContextManager[Generation]:
        """Generate an answer. Leaving the block before the last event cancels the generation.

        Values of `sampling` that are None are inherited from the model's settings. The KV cache is reused between the
        answers of one `conversation`, and between all prompts with the same `salt`, an opaque value of the user.
        `thinking` switches the model's reasoning on. With `json_schema` the answer is JSON that follows the schema; it is
        incomplete if `sampling.max_tokens` ends it. Raises `ContextOverflow` if the prompt and `sampling.max_tokens` exceed
        the context, `Busy` if the queue is full, `Unsupported` if the chat template rejects the conversation, and
        `InvalidInput` for a schema that cannot be used.
        """
        ...


class WorkerInference:
    """A loaded model in a worker process. `active` is the number of answers that are running or waiting."""

    def __init__(self, worker: Caller, loaded: Loaded) -> None:
        self._worker = worker
        self.loaded = loaded
        "Settings in force; replaced after they were changed and after the model was loaded again."
        self.active = 0

    @property
    def context_length(self) -> int:
        return self.loaded.settings.context_length

    @property
    def settings(self) -> LoadSettings:
        return self.loaded.settings

    @property
    def reasoning(self) -> ReasoningSupport:
        return self.loaded.reasoning

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return (await self._call(CountTokens(list(texts)), TokenCounts)).counts

    async def count_prompt(
        self, messages: Sequence[ChatMessage], conversation: str = "", *, thinking: bool = False
    ) -> int:
        request = CountPrompt(list(messages), conversation, thinking)
        return (await self._call(request, TokenCounts)).counts[0]

    async def statistics(self) -> EngineStatistics:
        return await self._call(Statistics(), EngineStatistics)

    async def apply(self, settings: LoadRequest, sampling: SamplingSettings) -> Loaded:
        """Change settings in the engine, and return those in force.

        Raises `ModelLoadFailed` if there is not enough memory for them.
        """
        self.loaded = await self._call(ApplySettings(settings, sampling), Loaded)
        return self.loaded

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
        request = Generate(list(messages), sampling, conversation, salt, sampling.max_tokens, thinking, json_schema)
        self.active += 1
        try:
            stream: CallStream[GenerateEvent, Finished]
            async with self._worker.stream(request, _EVENT, Finished) as stream:
                yield _WorkerGeneration(stream)
        except WorkerCallFailed as failure:
            _raise_named(failure, self.active)
        finally:
            self.active -= 1

    async def _call(self, request: msgspec.Struct, reply: type[R]) -> R:
        try:
            return await self._worker.call(request, reply)
        except WorkerCallFailed as failure:
            _raise_named(failure, self.active)


class _WorkerGeneration:
    def __init__(self, stream: CallStream[GenerateEvent, Finished]) -> None:
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[GenerateEvent]:
        return self._stream

    @property
    def finished(self) -> Finished:
        return self._stream.reply


def _raise_named(failure: WorkerCallFailed, active: int) -> NoReturn:
    """Raise the expected error that the worker's code stands for; raise any other failure unchanged.

    `active` is the number of generations that run or wait, the failed one included.
    """
    match failure.code:
        case ErrorCode.CONTEXT_OVERFLOW:
            raise ContextOverflow(failure.message) from failure
        case ErrorCode.BUSY:
            raise Busy(failure.message, queue_depth=active, retry_after_ms=_RETRY_MS) from failure
        case ErrorCode.UNSUPPORTED:
            raise Unsupported(failure.message, None) from failure
        case ErrorCode.CONFLICT:
            raise Conflict(failure.message) from failure
        case ErrorCode.INVALID_INPUT:
            raise InvalidInput(failure.message) from failure
        case ErrorCode.CONTEXT_ALLOCATION | ErrorCode.INSUFFICIENT_MEMORY as code:
            raise ModelLoadFailed(ErrorCode(code), failure.message) from failure
        case _:
            raise failure
