"""A prompt always fits: history and passages are dropped in order, never the question, the instructions or the answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.inference.client import ChatMessage
from records.errors import ContextOverflow, Unsupported
from records.session import CitationRecord, MessageRole, ThinkingMode
from services.prompts import Passage, PromptParts, fit_prompt
from tests.support.builders import make_message


@dataclass
class WordCounter:
    """Counts words as tokens, and adds `per_message` tokens for each message, as a chat template does.

    Conversations with more messages than `max_messages` are rejected.
    """

    context_length: int
    per_message: int = 5
    max_messages: int = 100

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    async def count_prompt(self, messages: Sequence[ChatMessage]) -> int:
        if len(messages) > self.max_messages:
            raise Unsupported("The chat template rejects this conversation.", None)
        return sum(len(text.split()) + self.per_message for _, text in messages)


def passage(marker: int, words: int) -> Passage:
    quote = " ".join(["fact"] * words)
    return Passage(CitationRecord(marker, None, None, "Manual", quote, 3, 0.5, False, 0, len(quote), None), ("Bolts",))


def parts(question: int = 10, history: Sequence[int] = (), passages: Sequence[int] = ()) -> PromptParts:
    messages = tuple(
        make_message(role=role, content=" ".join(["said"] * words))
        for words in history
        for role in (MessageRole.USER, MessageRole.ASSISTANT)
    )
    return PromptParts(
        system_prompt="Be brief.",
        mode=ThinkingMode.RAG,
        history=messages,
        passages=tuple(passage(number, words) for number, words in enumerate(passages, 1)),
        question=" ".join(["why"] * question),
    )


async def test_everything_is_kept_if_there_is_room() -> None:
    fitted = await fit_prompt(WordCounter(2000), parts(history=[20, 20], passages=[50, 50]), 100)
    assert len(fitted.parts.history) == 4
    assert len(fitted.parts.passages) == 2
    assert fitted.budget.dropped_history_messages == fitted.budget.dropped_passages == 0
    assert fitted.budget.reserved_for_answer == 100


async def test_the_oldest_history_is_dropped_first() -> None:
    fitted = await fit_prompt(WordCounter(600), parts(history=[90, 90], passages=[100, 100]), 50)
    assert len(fitted.parts.passages) == 2
    assert fitted.budget.dropped_history_messages == 2
    assert fitted.parts.history == parts(history=[90, 90]).history[2:]


async def test_the_weakest_passages_are_dropped_first() -> None:
    fitted = await fit_prompt(WordCounter(480), parts(passages=[100, 100, 100]), 100)
    assert [kept.citation.marker for kept in fitted.parts.passages] == [1, 2]
    assert fitted.budget.dropped_passages == 1


async def test_a_question_longer_than_the_context_raises_context_overflow() -> None:
    with pytest.raises(ContextOverflow, match="takes"):
        await fit_prompt(WordCounter(100), parts(question=120), 50)


async def test_the_question_and_the_instructions_are_never_shortened() -> None:
    fitted = await fit_prompt(WordCounter(180), parts(question=60, history=[50], passages=[90]), 60)
    assert fitted.messages[0][1].startswith("Be brief.")
    assert fitted.messages[-1][1].count("why") == 60


async def test_history_that_the_template_rejects_is_dropped_pair_by_pair() -> None:
    fitted = await fit_prompt(WordCounter(2000, max_messages=4), parts(history=[20, 30, 40]), 100)
    assert [len(message.content.split()) for message in fitted.parts.history] == [40, 40]
    assert fitted.budget.dropped_history_messages == 4


async def test_a_conversation_that_is_rejected_without_its_history_raises_unsupported() -> None:
    with pytest.raises(Unsupported):
        await fit_prompt(WordCounter(2000, max_messages=1), parts(history=[20]), 100)


async def test_room_for_reasoning_is_given_up_before_the_answer() -> None:
    fitted = await fit_prompt(WordCounter(200), parts(question=50), 100, reasoning_tokens=256)
    assert fitted.budget.reserved_for_answer == 100


@pytest.mark.parametrize("max_tokens", [-5, 0, 1])
async def test_a_limit_below_one_token_keeps_room_for_one(max_tokens: int) -> None:
    fitted = await fit_prompt(WordCounter(300), parts(history=[10]), max_tokens)
    assert fitted.budget.reserved_for_answer >= 1


@given(
    st.integers(60, 1500),
    st.integers(1, 80),
    st.lists(st.integers(0, 200), max_size=8),
    st.lists(st.integers(1, 200), max_size=8),
    st.integers(1, 600),
    st.integers(0, 12),
)
async def test_prompt_and_answer_never_exceed_the_context(
    context: int, question: int, history: list[int], passages: list[int], max_tokens: int, per_message: int
) -> None:
    counter = WordCounter(context, per_message)
    try:
        fitted = await fit_prompt(counter, parts(question, history, passages), max_tokens)
    except ContextOverflow:
        alone = await counter.count_prompt([("system", "word " * 60), ("user", "why " * question)])
        assert alone + 16 + 2 * 8 > context or max_tokens < 16
        return
    assert await counter.count_prompt(fitted.messages) + fitted.budget.reserved_for_answer <= context
