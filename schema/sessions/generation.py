"""Details of how an answer was generated: tokens, context window and timing."""

import strawberry

from records.session import FinishReason
from schema.common.enums import describe
from schema.models.settings_types import SamplingSettings

describe(
    FinishReason,
    "Reason why the generation of an answer ended.",
    STOP="The model ended the answer, or generated one of the stop strings.",
    LENGTH="The answer reached its maximum number of tokens.",
    CANCELED="The generation was canceled. Such an answer has no `GenerationDetails`, so that this value does not "
    "occur at present.",
    ERROR="The generation failed. Such an answer has no `GenerationDetails`, so that this value does not occur at "
    "present.",
)


@strawberry.type(description="Tokens that an answer used, or their sums over several answers.")
class TokenUsage:
    prompt_tokens: int = strawberry.field(
        description="Tokens of the model input of the answer: instructions, earlier messages, passages and the "
        "prompt. The model input of a separate generation of reasoning is not counted."
    )
    cached_tokens: int = strawberry.field(
        description="Part of `promptTokens` that was found in the KV cache and needed no prefill."
    )
    completion_tokens: int = strawberry.field(
        description="Tokens of the answer, including the reasoning of a model that reasons by itself. Reasoning in a "
        "separate generation is not included."
    )
    reasoning_tokens: int = strawberry.field(
        description="Tokens of the reasoning. If the model reasons by itself, `completionTokens` includes them. Any "
        "other model reasons in a separate generation before the answer (modes COT and HYBRID); "
        "`completionTokens` does not include those tokens."
    )


@strawberry.type(
    description="Use of the context window. All values are numbers of tokens, except for `droppedHistoryMessages` (a "
    "number of messages) and `droppedPassages` (a number of passages)."
)
class ContextBudget:
    context_length: int = strawberry.field(description="Size of the context window.")
    instructions: int = strawberry.field(
        description="Tokens of the instructions: the system prompt of the session, and the instructions for passages."
    )
    documents: int = strawberry.field(description="Tokens of the passages from documents; 0 without passages.")
    history: int = strawberry.field(description="Tokens of earlier prompts and answers.")
    prompt: int = strawberry.field(
        description="Tokens of the prompt (the user's message), and of everything that the chat template adds."
    )
    reserved_for_answer: int = strawberry.field(
        description="Maximum length of the answer: these tokens of the context window were kept free for it."
    )
    dropped_history_messages: int = strawberry.field(
        description="Number of earlier messages that were left out because they did not fit."
    )
    dropped_passages: int = strawberry.field(
        description="Number of passages that were left out because they did not fit."
    )


@strawberry.type(description="Details of the generation of an answer.")
class GenerationDetails:
    sampling: SamplingSettings = strawberry.field(
        description="Sampling settings that were used. Only `seed`, `stop` and `extra` can be null: they were not "
        "set. A seed that was drawn at random is not reported. `maxTokens` is the maximum length that was"
        " used, `ContextBudget.reservedForAnswer`."
    )
    usage: TokenUsage = strawberry.field(description="Tokens that the answer used.")
    finish_reason: FinishReason | None = strawberry.field(
        description="Reason why the generation ended. Never null at present."
    )
    queued_ms: float = strawberry.field(
        description="Time in milliseconds for which the answer waited for the model to load, and then for the "
        "inference engine to start it. The wait of a separate generation of reasoning is not included."
    )
    retrieval_ms: float | None = strawberry.field(
        description="Duration of the retrieval in milliseconds; null if nothing was retrieved."
    )
    time_to_first_token_ms: float | None = strawberry.field(
        description="Time in milliseconds from the arrival of the answer's request at the inference engine to the "
        "first text of the answer, or of its reasoning if the model reasons by itself. It includes the "
        "time in the queue, but not a separate generation of reasoning, which ends before that request. "
        "Null if no text was generated."
    )
    tokens_per_second: float | None = strawberry.field(
        description="Decoding speed of the answer after its first token, in tokens per second; null if fewer than "
        "two tokens were generated."
    )
    budget: ContextBudget = strawberry.field(
        description="Use of the context window, and what was left out. Reasoning that was generated separately, and then "
        "added to the model input, is not counted."
    )
    prompt: str | None = strawberry.field(
        description="Model input of the answer, exactly as the model's chat template rendered it: instructions, "
        "earlier messages, passages and the prompt. Never null at present."
    )
