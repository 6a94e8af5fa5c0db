"""A prompt that fits: prompt and answer together never exceed the context window.

The question, the instructions and room for the answer are never cut. When something has to go, the oldest exchanges of the
history go first, then the weakest passages; whole messages and whole passages only.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from records.errors import ContextOverflow
from records.session import ContextBudget, MessageRecord
from services.prompts.sections import ChatMessage, PromptParts, render_messages, render_question

MESSAGE_OVERHEAD = 8
"""Tokens that a chat template may add around one message; the exact count of the whole prompt decides afterwards."""
LEAST_ANSWER = 16


class TokenCounter(Protocol):
    """The part of the inference engine that a budget needs."""

    @property
    def context_length(self) -> int: ...
    def count_tokens(self, texts: Sequence[str]) -> Awaitable[list[int]]: ...
    def count_prompt(self, messages: Sequence[ChatMessage]) -> Awaitable[int]: ...


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    messages: list[ChatMessage]
    parts: PromptParts
    "What was given, without what had to be left out."
    budget: ContextBudget


async def fit_prompt(counter: TokenCounter, parts: PromptParts, max_tokens: int, extra: int = 0) -> FittedPrompt:
    """Choose what goes into the prompt. `extra` tokens are kept free besides the answer's room (for reasoning).

    Raises `ContextOverflow` where the question itself leaves no room for an answer.
    """
    context = counter.context_length
    costs = await _count(counter, parts)
    fixed = costs.instructions + costs.question
    reserve = min(max(max_tokens, 1), context - fixed)
    if reserve < min(LEAST_ANSWER, max_tokens):
        raise ContextOverflow(
            f"The question takes {fixed:,} tokens with its instructions; the model reads {context:,} with the answer."
        )
    room = max(0, context - fixed - reserve - extra)
    passages = _first_that_fit(costs.passages, room)
    room -= sum(costs.passages[:passages])
    history = _newest_that_fit(costs.exchanges, room)
    return await _verified(counter, parts, passages, history, reserve, extra)


@dataclass(frozen=True, slots=True)
class _Costs:
    instructions: int
    question: int
    passages: list[int]
    exchanges: list[int]
    "Tokens of each pair of prompt and answer, oldest first."


async def _count(counter: TokenCounter, parts: PromptParts) -> _Costs:
    pairs = _pairs(parts.history)
    texts = [parts.instructions(), render_question((), parts.question)]
    texts += [passage.render() for passage in parts.passages]
    texts += ["\n".join(message.content for message in pair) for pair in pairs]
    counts = [count + MESSAGE_OVERHEAD for count in await counter.count_tokens(texts)]
    split = 2 + len(parts.passages)
    exchanges = [count + MESSAGE_OVERHEAD for count in counts[split:]]
    return _Costs(counts[0], counts[1], counts[2:split], exchanges)


def _pairs(history: Sequence[MessageRecord]) -> list[tuple[MessageRecord, ...]]:
    return [tuple(history[at : at + 2]) for at in range(0, len(history), 2)]


def _first_that_fit(costs: Sequence[int], room: int) -> int:
    taken = 0
    for count, cost in enumerate(costs):
        taken += cost
        if taken > room:
            return count
    return len(costs)


def _newest_that_fit(costs: Sequence[int], room: int) -> int:
    return _first_that_fit(list(reversed(costs)), room)


async def _verified(
    counter: TokenCounter, parts: PromptParts, passages: int, exchanges: int, reserve: int, extra: int
) -> FittedPrompt:
    """Render and count the whole prompt exactly; while it is too long, one more thing goes."""
    while True:
        kept = _keep(parts, passages, exchanges)
        messages = render_messages(kept)
        total = await counter.count_prompt(messages)
        if total + reserve + extra <= counter.context_length:
            return FittedPrompt(messages, kept, await _budget(counter, parts, kept, total, reserve))
        if exchanges > 0:
            exchanges -= 1
        elif passages > 0:
            passages -= 1
        elif extra > 0:
            extra = 0
        elif counter.context_length - total >= LEAST_ANSWER:
            reserve = counter.context_length - total
        else:
            raise ContextOverflow(
                f"The question takes {total:,} tokens with its instructions; "
                f"the model reads {counter.context_length:,} with the answer."
            )


def _keep(parts: PromptParts, passages: int, exchanges: int) -> PromptParts:
    first_kept = max(0, len(parts.history) - 2 * exchanges)
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
    spent = instructions + passages + history
    return ContextBudget(
        context_length=counter.context_length,
        instructions=instructions,
        documents=passages if kept.passages else 0,
        history=history if kept.history else 0,
        prompt=max(question, total - spent),
        reserved_for_answer=reserve,
        dropped_history_messages=len(parts.history) - len(kept.history),
        dropped_passages=len(parts.passages) - len(kept.passages),
    )
