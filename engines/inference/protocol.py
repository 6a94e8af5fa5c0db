"""Messages between the server and an inference worker. A worker is a process that runs one model.

Requests are a tagged union. The worker sends events before its reply to `Load` and to `Generate`. A call that fails has a
code of `records.codes.ErrorCode`.
"""

from enum import StrEnum

import msgspec

from records.configuration import MAX_QUEUED_ANSWERS
from records.model import LoadRequest, LoadSettings, LoadStage
from records.session import FinishReason, SamplingSettings


class ReasoningSupport(StrEnum):
    """The ability of a model to reason before it answers, as its file indicates it."""

    NONE = "NONE"
    "No markers of reasoning were found for the model."
    POSSIBLE = "POSSIBLE"
    "Markers are known, but the chat template cannot switch reasoning on or off."
    NATIVE = "NATIVE"
    "The chat template can switch reasoning on and off, or always switches it on."


class Start(msgspec.Struct, frozen=True):
    """The worker's arguments. The model is named by `Load`."""

    max_queued: int = MAX_QUEUED_ANSWERS
    "Jobs that may wait; a further one fails with BUSY."


class Load(msgspec.Struct, tag="load", frozen=True):
    """Load the model, create its context and decode once. Events: `LoadProgress`. Reply: `Loaded`."""

    path: bytes
    "Path of the file in the file system's encoding, because file names need not be valid UTF-8."
    settings: LoadRequest
    "The worker chooses the values that are None."
    sampling: SamplingSettings
    "Sampling settings for answers that set none themselves."


class LoadProgress(msgspec.Struct, frozen=True):
    """Progress of a stage; `fraction` is from 0 to 1."""

    stage: LoadStage
    fraction: float


class Loaded(msgspec.Struct, frozen=True):
    """A model that is in memory and has decoded a token. `settings` are read back from the engine."""

    settings: LoadSettings
    sampling: SamplingSettings
    reasoning: ReasoningSupport
    template_error: str | None = None
    "The reason why the file's chat template cannot be used. Conversations are then rendered as a plain transcript."


class ApplySettings(msgspec.Struct, tag="apply_settings", frozen=True):
    """Change the settings that do not require loading the file again. Reply: `Loaded`.

    A load setting that is None is not changed; `sampling` replaces the inherited values. If necessary, a new context is
    created between two batches; the weights are not read again. Settings that require loading the file are ignored. Fails
    with CONTEXT_ALLOCATION if there is not enough memory; the previous settings then remain in force.
    """

    settings: LoadRequest
    sampling: SamplingSettings


class CountTokens(msgspec.Struct, tag="count_tokens", frozen=True):
    """Count the tokens of each text. Reply: `TokenCounts`."""

    texts: list[str]


class TokenCounts(msgspec.Struct, frozen=True):
    counts: list[int]


class CountPrompt(msgspec.Struct, tag="count_prompt", frozen=True):
    """Count the tokens of a whole prompt, exactly as `Generate` would render it. Reply: `TokenCounts` with one number.

    Fails with UNSUPPORTED if the chat template rejects the conversation.
    """

    messages: list[tuple[str, str]]
    conversation: str = ""
    thinking: bool = False


class Generate(msgspec.Struct, tag="generate", frozen=True):
    """Generate an answer. Events: `PromptProgress` and `CompletionDelta`. Reply: `Finished`.

    Fails with CONTEXT_OVERFLOW if the prompt and `max_tokens` exceed the context window, with BUSY if the queue is full,
    with UNSUPPORTED if the chat template rejects the conversation, and with INVALID_INPUT if the JSON schema cannot be used.
    """

    messages: list[tuple[str, str]]
    "Roles (`system`, `user`, `assistant`) and texts."
    sampling: SamplingSettings
    "Values that are None are inherited from the model."
    conversation: str
    "Key of the conversation, to reuse its KV cache."
    salt: str
    "Opaque value of the user. Only prompts with the same salt share cached prefixes."
    max_tokens: int | None = None
    "None: the inherited limit, or less if the context has no room for it."
    thinking: bool = False
    "Switch the model's reasoning on, by the means of its chat template."
    json_schema: str | None = None
    "JSON schema that the answer must follow."


class PromptProgress(msgspec.Struct, tag="prompt_progress", frozen=True):
    queue_position: int
    "Position in the queue, from 1; 0 if the answer was started."
    prompt_tokens: int
    prefilled_tokens: int


class CompletionDelta(msgspec.Struct, tag="completion_delta", frozen=True):
    """The next text of the answer and of its reasoning. `tokens` is the number of tokens since the last delta."""

    text: str
    reasoning: str
    tokens: int


GenerateEvent = PromptProgress | CompletionDelta


class Finished(msgspec.Struct, frozen=True):
    """Summary of a finished answer."""

    finish_reason: FinishReason
    prompt_tokens: int
    cached_tokens: int
    "Tokens of the prompt that were in the KV cache when the answer started."
    completion_tokens: int
    reasoning_tokens: int
    queued_ms: float
    time_to_first_token_ms: float | None
    "Time from the arrival of the request to the first text, including the queue; None without text."
    tokens_per_second: float | None
    "Decoding speed after the first token; None for fewer than two tokens."
    prompt: str
    "The rendered prompt."
    stop_string: str | None = None
    "The stop string that ended the answer."


class Statistics(msgspec.Struct, tag="statistics", frozen=True):
    """Return the load, the speed and the cache use of the engine. Reply: `EngineStatistics`."""


class EngineStatistics(msgspec.Struct, frozen=True):
    sequences_busy: int
    sequences_total: int
    queue_depth: int
    prompt_tokens_per_second: float
    completion_tokens_per_second: float
    cached_tokens_used: int
    cached_tokens_total: int
    prefix_hit_ratio: float
    "Share of prompt tokens that were in the KV cache, from 0 to 1."
    prompt_tokens: int = 0
    "Prefilled tokens since the model was loaded. The counts below start at the same time."
    completion_tokens: int = 0
    prefix_queries: int = 0
    "Prompt tokens that were looked up in the KV cache."
    prefix_hits: int = 0
    "Prompt tokens that were found in the KV cache."
    preemptions: int = 0


Request = Load | ApplySettings | CountTokens | CountPrompt | Generate | Statistics
