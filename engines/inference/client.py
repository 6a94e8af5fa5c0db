"""A loaded model as the rest of the server sees it: count, and generate."""

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
    Priority,
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
"A union, which a type checker does not take for a type of its own."
_RETRY_MS = 2000
_QUEUE_LIMIT = 64


class Generation(Protocol):
    """The events of one answer; `finished` is there once iteration has ended."""

    def __aiter__(self) -> AsyncIterator[GenerateEvent]: ...
    @property
    def finished(self) -> Finished: ...


class Inference(Protocol):
    """Every method raises `WorkerCrashed` where the model's process ends meanwhile."""

    @property
    def context_length(self) -> int: ...
    @property
    def settings(self) -> LoadSettings: ...
    @property
    def thinks(self) -> bool:
        """Whether the model tells its own reasoning from its answer."""
        ...

    async def count_tokens(self, texts: Sequence[str]) -> list[int]: ...
    async def count_prompt(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of the whole prompt as the model's template renders it."""
        ...

    def generate(
        self,
        messages: Sequence[ChatMessage],
        sampling: SamplingSettings,
        conversation: str,
        priority: Priority = Priority.CHAT,
        json_schema: str | None = None,
    ) -> AbstractAsyncContextManager[Generation]:
        """Answer; leaving the block early cancels. `sampling`'s None is inherited from the model.

        With `json_schema` the answer is JSON that the schema allows, cut off where `sampling.max_tokens` end it.
        Raises `ContextOverflow` where the prompt and `sampling.max_tokens` exceed the context, `Busy`, and `InvalidInput`
        for a schema that cannot be followed.
        """
        ...


class WorkerInference:
    """Over the process that holds the model. `active` counts the answers that it makes or queues."""

    def __init__(self, worker: Caller, loaded: Loaded) -> None:
        self._worker = worker
        self.loaded = loaded
        "Replaced by whoever changes settings or loads again."
        self.active = 0

    @property
    def context_length(self) -> int:
        return self.loaded.settings.context_length

    @property
    def settings(self) -> LoadSettings:
        return self.loaded.settings

    @property
    def thinks(self) -> bool:
        return self.loaded.thinks

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return (await self._call(CountTokens(list(texts)), TokenCounts)).counts

    async def count_prompt(self, messages: Sequence[ChatMessage]) -> int:
        return (await self._call(CountPrompt(list(messages)), TokenCounts)).counts[0]

    async def statistics(self) -> EngineStatistics:
        return await self._call(Statistics(), EngineStatistics)

    async def apply(self, settings: LoadRequest, sampling: SamplingSettings) -> Loaded:
        """Change settings in the engine and read them back. Raises `ModelLoadFailed` where it has no room for them."""
        self.loaded = await self._call(ApplySettings(settings, sampling), Loaded)
        return self.loaded

    @asynccontextmanager
    async def generate(
        self,
        messages: Sequence[ChatMessage],
        sampling: SamplingSettings,
        conversation: str,
        priority: Priority = Priority.CHAT,
        json_schema: str | None = None,
    ) -> AsyncIterator[Generation]:
        request = Generate(list(messages), sampling, conversation, sampling.max_tokens, [], priority, json_schema)
        self.active += 1
        try:
            stream: CallStream[GenerateEvent, Finished]
            async with self._worker.stream(request, _EVENT, Finished) as stream:
                yield _WorkerGeneration(stream)
        except WorkerCallFailed as failure:
            _raise_named(failure)
        finally:
            self.active -= 1

    async def _call(self, request: msgspec.Struct, reply: type[R]) -> R:
        try:
            return await self._worker.call(request, reply)
        except WorkerCallFailed as failure:
            _raise_named(failure)


class _WorkerGeneration:
    def __init__(self, stream: CallStream[GenerateEvent, Finished]) -> None:
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[GenerateEvent]:
        return self._stream

    @property
    def finished(self) -> Finished:
        return self._stream.reply


def _raise_named(failure: WorkerCallFailed) -> NoReturn:
    """Raise the condition that the worker's code names; anything else is a surprise and goes on as it is."""
    match failure.code:
        case ErrorCode.CONTEXT_OVERFLOW:
            raise ContextOverflow(failure.message) from failure
        case ErrorCode.BUSY:
            raise Busy(failure.message, queue_depth=_QUEUE_LIMIT, retry_after_ms=_RETRY_MS) from failure
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
