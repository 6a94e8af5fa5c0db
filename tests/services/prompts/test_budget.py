"""A prompt always fits: what goes first, and that question, instructions and answer never do."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.errors import ContextOverflow
from records.session import CitationRecord, MessageRole, ThinkingMode
from services.prompts import Passage, PromptParts, fit_prompt
from services.prompts.sections import ChatMessage
from tests.support.builders import make_message


@dataclass
class WordCounter:
    """Counts words, and a few tokens around each message, as a template would add them."""

    context_length: int
    around: int = 5

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    async def count_prompt(self, messages: Sequence[ChatMessage]) -> int:
        return sum(len(text.split()) + self.around for _, text in messages)


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


async def test_everything_goes_in_where_there_is_room() -> None:
    fitted = await fit_prompt(WordCounter(2000), parts(history=[20, 20], passages=[50, 50]), 100)
    assert len(fitted.parts.history) == 4
    assert len(fitted.parts.passages) == 2
    assert fitted.budget.dropped_history_messages == fitted.budget.dropped_passages == 0
    assert fitted.budget.reserved_for_answer == 100


async def test_the_oldest_history_goes_first() -> None:
    fitted = await fit_prompt(WordCounter(600), parts(history=[90, 90], passages=[100, 100]), 50)
    assert len(fitted.parts.passages) == 2
    assert fitted.budget.dropped_history_messages == 2
    assert fitted.parts.history == parts(history=[90, 90]).history[2:]


async def test_the_weakest_passages_go_before_the_best() -> None:
    fitted = await fit_prompt(WordCounter(480), parts(passages=[100, 100, 100]), 100)
    assert [kept.citation.marker for kept in fitted.parts.passages] == [1, 2]
    assert fitted.budget.dropped_passages == 1


async def test_a_question_longer_than_the_window_is_refused() -> None:
    with pytest.raises(ContextOverflow, match="takes"):
        await fit_prompt(WordCounter(100), parts(question=120), 50)


async def test_the_question_and_the_instructions_are_never_cut() -> None:
    fitted = await fit_prompt(WordCounter(180), parts(question=60, history=[50], passages=[90]), 60)
    assert fitted.messages[0][1].startswith("Be brief.")
    assert fitted.messages[-1][1].count("why") == 60


@pytest.mark.parametrize("max_tokens", [-5, 0, 1])
async def test_a_budget_of_nothing_keeps_a_little_room(max_tokens: int) -> None:
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
async def test_prompt_and_answer_never_exceed_the_window(
    context: int, question: int, history: list[int], passages: list[int], max_tokens: int, around: int
) -> None:
    counter = WordCounter(context, around)
    try:
        fitted = await fit_prompt(counter, parts(question, history, passages), max_tokens)
    except ContextOverflow:
        alone = await counter.count_prompt([("system", "word " * 60), ("user", "why " * question)])
        assert alone + 16 + 2 * 8 > context or max_tokens < 16
        return
    assert await counter.count_prompt(fitted.messages) + fitted.budget.reserved_for_answer <= context
