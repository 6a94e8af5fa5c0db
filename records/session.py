"""Sessions, messages and the settings of answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from records.codes import ErrorCode
from records.document import BoundingBox
from records.ids import ChunkId, DocumentId, MessageId, ModelId, SessionId, UserId


class ThinkingMode(StrEnum):
    DIRECT = "DIRECT"
    COT = "COT"
    RAG = "RAG"
    HYBRID = "HYBRID"

    @property
    def retrieves(self) -> bool:
        return self in (ThinkingMode.RAG, ThinkingMode.HYBRID)

    @property
    def thinks(self) -> bool:
        return self in (ThinkingMode.COT, ThinkingMode.HYBRID)


class DocumentScope(StrEnum):
    ATTACHED = "ATTACHED"
    COLLECTIONS = "COLLECTIONS"
    ALL = "ALL"


class MessageRole(StrEnum):
    USER = "USER"
    ASSISTANT = "ASSISTANT"
    SYSTEM = "SYSTEM"


class MessageStatus(StrEnum):
    PENDING = "PENDING"
    RETRIEVING = "RETRIEVING"
    THINKING = "THINKING"
    GENERATING = "GENERATING"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    FAILED = "FAILED"

    @property
    def terminal(self) -> bool:
        return self in (MessageStatus.COMPLETED, MessageStatus.CANCELED, MessageStatus.FAILED)


class MessageRating(StrEnum):
    UP = "UP"
    DOWN = "DOWN"


class FinishReason(StrEnum):
    STOP = "STOP"
    LENGTH = "LENGTH"
    CANCELED = "CANCELED"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """Sampling settings. None inherits the value. `services/models/parameters.py` has the ranges of each model."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    deterministic: bool | None = None
    extra: Any = None


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Settings of a session. None inherits the value from the model, or from the server."""

    model_id: ModelId | None = None
    system_prompt: str | None = None
    thinking_mode: ThinkingMode | None = None
    document_scope: DocumentScope | None = None
    top_k: int | None = None
    min_similarity: float | None = None
    rerank: bool | None = None
    history_pairs: int | None = None
    sampling: SamplingSettings | None = None


@dataclass(frozen=True, slots=True)
class TokenUsage:
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class SessionRecord:
    id: SessionId
    owner_id: UserId
    name: str
    settings: SessionSettings
    model_id: ModelId | None
    "Model of the last answer."
    model_name: str | None
    head_id: MessageId | None
    message_count: int
    usage: TokenUsage
    archived: bool
    created_at: datetime
    updated_at: datetime
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageError:
    code: ErrorCode
    message: str


@dataclass(frozen=True, slots=True)
class CitationRecord:
    """A passage in an answer's model input. `quote` equals the document's text from `start_offset` to `end_offset`.

    Both offsets are None if the document's text was erased, or if it was replaced and no new chunk has the quoted text.
    """

    marker: int
    "The number n of the answer's [n], from 1."
    document_id: DocumentId | None
    "None after the document was deleted."
    chunk_id: ChunkId | None
    document_name: str
    quote: str
    page: int | None
    score: float
    used: bool
    start_offset: int | None
    end_offset: int | None
    bounding_box: BoundingBox | None


@dataclass(frozen=True, slots=True)
class ContextBudget:
    """The use of the context window: tokens by purpose, and the numbers of messages and passages that did not fit."""

    context_length: int
    instructions: int = 0
    documents: int = 0
    history: int = 0
    prompt: int = 0
    reserved_for_answer: int = 0
    dropped_history_messages: int = 0
    dropped_passages: int = 0


@dataclass(frozen=True, slots=True)
class GenerationDetails:
    sampling: SamplingSettings
    usage: TokenUsage
    finish_reason: FinishReason | None
    queued_ms: float
    retrieval_ms: float | None
    time_to_first_token_ms: float | None
    tokens_per_second: float | None
    budget: ContextBudget
    prompt: str | None


@dataclass(frozen=True, slots=True)
class BranchPoint:
    """The place of a new prompt in the tree of a session's messages. By default, it follows the head of the session."""

    follows: MessageId | None = None
    "The answer that the prompt follows."
    edits: MessageId | None = None
    "The prompt that the new one replaces, as its sibling. `follows` is then ignored."


HEAD = BranchPoint()
"""The place after the head of the session."""


@dataclass(frozen=True, slots=True)
class MessageRecord:
    id: MessageId
    session_id: SessionId
    parent_id: MessageId | None
    role: MessageRole
    content: str
    reasoning: str | None
    status: MessageStatus
    error: MessageError | None
    citations: tuple[CitationRecord, ...]
    model_id: ModelId | None
    model_name: str | None
    thinking_mode: ThinkingMode | None
    generation: GenerationDetails | None
    rating: MessageRating | None
    created_at: datetime
    completed_at: datetime | None
