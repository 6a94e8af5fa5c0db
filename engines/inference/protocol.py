"""What the server and an inference worker say to each other: one process holds one model.

Requests are a tagged union; `Generate` and `Load` send events before their reply. A call that fails carries one of
`ErrorCode`'s words. Continuous batching changes the worker's inside, not these shapes.
"""

from enum import StrEnum

import msgspec

from records.model import LoadRequest, LoadSettings, LoadStage
from records.session import FinishReason, SamplingSettings


class Priority(StrEnum):
    CHAT = "CHAT"
    BACKGROUND = "BACKGROUND"


class Start(msgspec.Struct, frozen=True):
    """The worker's arguments: none; the model comes with `Load`."""


class Load(msgspec.Struct, tag="load", frozen=True):
    """Load the model, create its context, decode once. Events: `LoadProgress`; reply: `Loaded`.

    `settings` that are None are chosen by the worker; `sampling` is what answers inherit where they say nothing.
    """

    path: str
    settings: LoadRequest
    sampling: SamplingSettings


class LoadProgress(msgspec.Struct, frozen=True):
    stage: LoadStage
    fraction: float


class Vocabulary(msgspec.Struct, frozen=True):
    size: int
    bos: str
    eos: str


class Loaded(msgspec.Struct, frozen=True):
    """The model is in memory and has decoded a token; `settings` are read back from the engine."""

    settings: LoadSettings
    sampling: SamplingSettings
    has_template: bool
    thinks: bool
    "Whether the model's template knows think tags, so that its reasoning can be told from its answer."
    vocabulary: Vocabulary


class ApplySettings(msgspec.Struct, tag="apply_settings", frozen=True):
    """Change what can change without loading again. Reply: `Loaded`.

    A load setting that is None stays as it is; `sampling` replaces what was inherited before. The context is rebuilt where
    it must be, between answers and with the weights kept; settings that need the file again are ignored. Fails with
    CONTEXT_ALLOCATION, and the settings before stay in force.
    """

    settings: LoadRequest
    sampling: SamplingSettings


class CountTokens(msgspec.Struct, tag="count_tokens", frozen=True):
    texts: list[str]


class TokenCounts(msgspec.Struct, frozen=True):
    counts: list[int]


class CountPrompt(msgspec.Struct, tag="count_prompt", frozen=True):
    """Count the whole prompt as the model's template renders it. Reply: `TokenCounts` of one."""

    messages: list[tuple[str, str]]


class Generate(msgspec.Struct, tag="generate", frozen=True):
    """Answer a conversation. Events: `PromptProgress`, `Written`; reply: `Finished`.

    Fails with CONTEXT_OVERFLOW where prompt and `max_tokens` exceed the context window, and with BUSY where too many wait.
    """

    messages: list[tuple[str, str]]
    "Roles (system, user, assistant) and texts."
    sampling: SamplingSettings
    "None is inherited from the model."
    conversation: str
    "Whose cache this is."
    max_tokens: int | None = None
    "None: what is usual, and no more than there is room for."
    stop: list[str] = []
    "On top of the model's own."
    priority: Priority = Priority.CHAT
    json_schema: str | None = None
    "What the answer must be: JSON that this schema allows. Fails with INVALID_INPUT where it cannot be read."


class PromptProgress(msgspec.Struct, tag="prompt_progress", frozen=True):
    queue_position: int
    "Answers in front of this one; 0 when it is being made."
    prompt_tokens: int
    prompt_tokens_read: int


class Written(msgspec.Struct, tag="written", frozen=True):
    """More of the answer; `tokens` counts those that were decoded for it."""

    text: str
    reasoning: str
    tokens: int


GenerateEvent = PromptProgress | Written


class Finished(msgspec.Struct, frozen=True):
    finish_reason: FinishReason
    prompt_tokens: int
    cached_tokens: int
    "The part of the prompt that the cache held already."
    completion_tokens: int
    reasoning_tokens: int
    queued_ms: float
    time_to_first_token_ms: float | None
    "From the request's arrival; None where nothing was written."
    tokens_per_second: float | None
    prompt: str
    "Exactly as it was rendered."


class Statistics(msgspec.Struct, tag="statistics", frozen=True):
    """Ask for `EngineStatistics`."""


class EngineStatistics(msgspec.Struct, frozen=True):
    sequences_busy: int
    sequences_total: int
    queue_depth: int
    prompt_tokens_per_second: float
    completion_tokens_per_second: float
    cached_tokens_used: int
    cached_tokens_total: int
    prefix_hit_ratio: float
    "Tokens of prompts that were held already, of all that were asked for."
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prefix_queries: int = 0
    prefix_hits: int = 0
    preemptions: int = 0
    "Since the model was loaded, as are the four before."


Request = Load | ApplySettings | CountTokens | CountPrompt | Generate | Statistics
