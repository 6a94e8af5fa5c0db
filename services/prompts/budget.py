"""Fits a model input into the context window: model input and answer together never exceed it.

The question, the instructions and the room for the answer are never reduced. If something must be left out, the oldest pairs
of the history are dropped first, then the weakest passages. Messages and passages are dropped as a whole.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from engines.inference.client import ChatMessage
from records.errors import ContextOverflow, Unsupported
from records.session import ContextBudget
from services.prompts.sections import PromptParts, render_messages, render_question

MESSAGE_OVERHEAD = 8
"""Estimate of the tokens that a chat template adds to a message. The exact count of the model input decides at the end."""

MIN_ANSWER_TOKENS = 16


class TokenCounter(Protocol):
    """Counts tokens as the model does."""

    @property
    def context_length(self) -> int: ...
    def count_tokens(self, texts: Sequence[str]) -> Awaitable[list[int]]: ...
    def count_prompt(self, messages: Sequence[ChatMessage]) -> Awaitable[int]:
        """Return the tokens of the whole model input. Raises `Unsupported` if the chat template rejects the messages."""
        ...


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    """A model input that fits into the context window."""

    messages: list[ChatMessage]
    parts: PromptParts
    "The parts of the model input, without those that were dropped."
    budget: ContextBudget


async def fit_prompt(
    counter: TokenCounter, parts: PromptParts, max_tokens: int, reasoning_tokens: int = 0
) -> FittedPrompt:
    """Select the history and the passages for a model input.

    `max_tokens` is the room for the answer. `reasoning_tokens` are kept free in addition, as long as there is room.

    Raises `ContextOverflow` if the question alone leaves no room for an answer, and `Unsupported` if the model's chat
    template rejects the conversation even without its history.
    """
    context = counter.context_length
    costs = await _count(counter, parts)
    fixed = costs.instructions + costs.question
    reserve = min(max(max_tokens, 1), context - fixed)
    if reserve < min(MIN_ANSWER_TOKENS, max_tokens):
        raise _overflow(fixed, context)
    room = max(0, context - fixed - reserve - reasoning_tokens)
    passages = _count_fitting(costs.passages, room)
    room -= sum(costs.passages[:passages])
    pairs = _count_fitting(list(reversed(costs.pairs)), room)
    return await _verify(counter, parts, passages, pairs, reserve, reasoning_tokens)


@dataclass(frozen=True, slots=True)
class _Costs:
    """Tokens of the parts of a model input."""

    instructions: int
    question: int
    passages: list[int]
    pairs: list[int]
    "Tokens of each prompt with its answer, oldest first."


async def _count(counter: TokenCounter, parts: PromptParts) -> _Costs:
    pairs = [parts.history[start : start + 2] for start in range(0, len(parts.history), 2)]
    texts = [parts.instructions(), render_question((), parts.question)]
    texts += [passage.render() for passage in parts.passages]
    texts += ["\n".join(message.content for message in pair) for pair in pairs]
    counts = [count + MESSAGE_OVERHEAD for count in await counter.count_tokens(texts)]
    split = 2 + len(parts.passages)
    return _Costs(counts[0], counts[1], counts[2:split], [count + MESSAGE_OVERHEAD for count in counts[split:]])


def _count_fitting(costs: Sequence[int], room: int) -> int:
    """Return the length of the longest prefix of `costs` whose sum is at most `room`; both are in tokens."""
    used = 0
    for count, cost in enumerate(costs):
        used += cost
        if used > room:
            return count
    return len(costs)


async def _verify(
    counter: TokenCounter, parts: PromptParts, passages: int, pairs: int, reserve: int, reasoning_tokens: int
) -> FittedPrompt:
    """Count the tokens of the whole model input. While it is too long or the template rejects it, drop one more part.

    `passages` and `pairs` are the numbers of passages and history pairs to begin with; `reserve` is the room for the answer.
    """
    while True:
        kept = _keep(parts, passages, pairs)
        messages = render_messages(kept)
        try:
            total = await counter.count_prompt(messages)
        except Unsupported:
            if pairs == 0:
                raise
            pairs -= 1
            continue
        if total + reserve + reasoning_tokens <= counter.context_length:
            return FittedPrompt(messages, kept, await _budget(counter, parts, kept, total, reserve))
        if pairs > 0:
            pairs -= 1
        elif passages > 0:
            passages -= 1
        elif reasoning_tokens > 0:
            reasoning_tokens = 0
        elif counter.context_length - total >= MIN_ANSWER_TOKENS:
            reserve = counter.context_length - total
        else:
            raise _overflow(total, counter.context_length)


def _overflow(tokens: int, context: int) -> ContextOverflow:
    return ContextOverflow(
        f"The prompt takes {tokens:,} tokens with its instructions; the context window has {context:,} for it and the "
        "answer. Shorten the prompt, or load the model with a longer context."
    )


def _keep(parts: PromptParts, passages: int, pairs: int) -> PromptParts:
    """Return the parts with the best passages and the newest pairs of the history."""
    first_kept = max(0, len(parts.history) - 2 * pairs)
    return replace(parts, passages=parts.passages[:passages], history=parts.history[first_kept:])


async def _budget(
    counter: TokenCounter, parts: PromptParts, kept: PromptParts, total: int, reserve: int
) -> ContextBudget:
    instructions, question, passages, history = await counter.count_tokens(
        [
            kept.instructions(),
            kept.question,
            "\n\n".join(passage.render() for passage in kept.passages),
            "\n".join(message.content for message in kept.history),
        ]
    )
    used = instructions + passages + history
    return ContextBudget(
        context_length=counter.context_length,
        instructions=instructions,
        documents=passages if kept.passages else 0,
        history=history if kept.history else 0,
        prompt=max(question, total - used),
        reserved_for_answer=reserve,
        dropped_history_messages=len(parts.history) - len(kept.history),
        dropped_passages=len(parts.passages) - len(kept.passages),
    )
