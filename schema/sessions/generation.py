"""Details of how an answer was generated: tokens, context window and timing."""

import strawberry

from records.session import FinishReason
from schema.common.enums import describe
from schema.models.settings_types import SamplingSettings

describe(
    FinishReason,
    "Reason why the generation of an answer ended.",
    STOP="The model ended the answer, or wrote one of the stop strings.",
    LENGTH="The answer reached its maximum number of tokens.",
    CANCELED="The generation was canceled. Such an answer has no `GenerationDetails`, so that this value does not "
    "occur at present.",
    ERROR="The generation failed. Such an answer has no `GenerationDetails`, so that this value does not occur at "
    "present.",
)


@strawberry.type(description="Numbers of tokens used.")
class TokenUsage:
    prompt_tokens: int = strawberry.field(description="Tokens of the rendered prompt.")
    cached_tokens: int = strawberry.field(
        description="Part of `promptTokens` that was found in the KV cache and needed no prefill."
    )
    completion_tokens: int = strawberry.field(
        description="Tokens of the answer, including the reasoning of a model that reasons by itself. Reasoning in a "
        "separate generation is not included."
    )
    reasoning_tokens: int = strawberry.field(
        description="Tokens of the reasoning. If the model reasons by itself, they are included in "
        "`completionTokens`. Any other model reasons in a separate generation before the answer (modes COT and "
        "HYBRID); those tokens are additional."
    )


@strawberry.type(description="Use of the context window, in tokens.")
class ContextBudget:
    context_length: int = strawberry.field(description="Size of the context window.")
    instructions: int = strawberry.field(description="Tokens of the instructions, including the system prompt.")
    documents: int = strawberry.field(description="Tokens of the passages from documents.")
    history: int = strawberry.field(description="Tokens of earlier messages.")
    prompt: int = strawberry.field(description="Tokens of the prompt itself and of the chat template.")
    reserved_for_answer: int = strawberry.field(description="Tokens that were reserved for the answer.")
    dropped_history_messages: int = strawberry.field(
        description="Number of earlier messages that were left out because they did not fit."
    )
    dropped_passages: int = strawberry.field(
        description="Number of passages that were left out because they did not fit."
    )


@strawberry.type(description="Details of the generation of an answer.")
class GenerationDetails:
    sampling: SamplingSettings = strawberry.field(description="Sampling settings that were used.")
    usage: TokenUsage = strawberry.field(description="Tokens used by the answer.")
    finish_reason: FinishReason | None = strawberry.field(
        description="Reason why the generation ended; null if it is not known."
    )
    queued_ms: float = strawberry.field(
        description="Time in milliseconds for which the answer waited for the model to load and for a place in its "
        "batch."
    )
    retrieval_ms: float | None = strawberry.field(
        description="Duration of the retrieval in milliseconds; null if nothing was retrieved."
    )
    time_to_first_token_ms: float | None = strawberry.field(
        description="Time in milliseconds from the arrival of the request at the inference engine to the first token, "
        "including the time in the queue; null if no token was generated."
    )
    tokens_per_second: float | None = strawberry.field(
        description="Decoding speed in tokens per second; null if fewer than two tokens were generated."
    )
    budget: ContextBudget = strawberry.field(description="Use of the context window, and what was left out.")
    prompt: str | None = strawberry.field(
        description="Prompt exactly as the model's chat template rendered it; null if it is not stored."
    )
