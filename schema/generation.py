"""How an answer was made: what it was given, what it took."""

import strawberry

from records.session import FinishReason
from schema.enums import describe
from schema.sampling import SamplingSettings

describe(
    FinishReason,
    "Why an answer ended.",
    STOP="The model was done, or wrote a stop text.",
    LENGTH="It came to the most tokens that it may have.",
    CANCELED="Someone stopped it.",
    ERROR="Something failed.",
)


@strawberry.type(description="Tokens, by what they were.")
class TokenUsage:
    prompt_tokens: int = strawberry.field(description="Tokens of the prompts, whole.")
    cached_tokens: int = strawberry.field(description="Those of them that did not have to be read again.")
    completion_tokens: int = strawberry.field(description="Tokens that were written, thoughts included.")
    reasoning_tokens: int = strawberry.field(description="Those of them that were thoughts.")


@strawberry.type(description="Tokens of the context window, by what they were spent on.")
class ContextBudget:
    context_length: int = strawberry.field(description="Tokens of the whole window.")
    instructions: int = strawberry.field(description="Spent on instructions.")
    documents: int = strawberry.field(description="Spent on passages.")
    history: int = strawberry.field(description="Spent on earlier messages.")
    prompt: int = strawberry.field(description="Spent on the prompt itself.")
    reserved_for_answer: int = strawberry.field(description="Kept free for the answer.")
    dropped_history_messages: int = strawberry.field(description="Earlier messages that had to be left out.")
    dropped_passages: int = strawberry.field(description="Passages that had to be left out.")


@strawberry.type(description="How an answer was made.")
class GenerationDetails:
    sampling: SamplingSettings = strawberry.field(description="The sampling settings that it was made with.")
    usage: TokenUsage = strawberry.field(description="The tokens that it took.")
    finish_reason: FinishReason | None = strawberry.field(description="Why it ended; null while it has not.")
    queued_ms: float = strawberry.field(description="How long it waited for its turn.")
    retrieval_ms: float | None = strawberry.field(description="How long retrieval took, where it retrieved.")
    time_to_first_token_ms: float | None = strawberry.field(
        description="From the start of the work to the first token."
    )
    tokens_per_second: float | None = strawberry.field(description="How fast tokens were written.")
    budget: ContextBudget = strawberry.field(
        description="How the context window was spent, and what had to be left out."
    )
    prompt: str | None = strawberry.field(description="The prompt exactly as the model was given it.")
