"""An answer is generated with or without reasoning as its mode requires, from a model input that the model accepts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import pytest

from engines.inference import Inference
from engines.inference.protocol import ReasoningSupport
from records.access import AnyScope
from records.answer import Progressed
from records.errors import EmptyAnswer, Unsupported
from records.ids import MessageId, ModelId
from records.retrieval import SearchedDocuments
from records.session import (
    FinishReason,
    MessageRecord,
    MessageRole,
    MessageStatus,
    SamplingSettings,
    SessionSettings,
    ThinkingMode,
)
from services.answers.answerer import Answerer, cache_salt
from services.answers.event_log import EventLog
from services.answers.running_answer import Outcome, RunningAnswer
from services.prompts import DEFAULT_INSTRUCTIONS
from tests.access import LOCAL, STRANGER
from tests.fakes.answers import ExchangedMessages
from tests.fakes.inference import FakeInference, Script
from tests.support.builders import make_message

NONE, POSSIBLE, NATIVE = ReasoningSupport.NONE, ReasoningSupport.POSSIBLE, ReasoningSupport.NATIVE
DIRECT, COT = ThinkingMode.DIRECT, ThinkingMode.COT
SETTINGS = SessionSettings(history_pairs=10, sampling=SamplingSettings(max_tokens=100, stop=("END",)))


class MessagesWithHistory(ExchangedMessages):
    """Messages of a session in which some prompts were answered before."""

    def __init__(self, *exchanges: tuple[str, str]) -> None:
        super().__init__()
        self._history = [
            make_message(role=role, content=content)
            for exchange in exchanges
            for role, content in zip((MessageRole.USER, MessageRole.ASSISTANT), exchange, strict=True)
        ]

    async def history(self, scope: AnyScope, before: MessageId, pairs: int) -> tuple[MessageRecord, ...]:
        return tuple(self._history[-2 * pairs :] if pairs else ())


@dataclass
class LoadedModel:
    """One model that is loaded."""

    loaded: Inference

    async def wait_ready(self, model_id: ModelId) -> None:
        return None

    def inference(self, model_id: ModelId) -> Inference:
        return self.loaded

    @asynccontextmanager
    async def use(self, model_id: ModelId) -> AsyncIterator[None]:
        yield


async def answer(
    inference: FakeInference,
    mode: ThinkingMode = DIRECT,
    history: Sequence[tuple[str, str]] = (),
    settings: SessionSettings = SETTINGS,
) -> RunningAnswer:
    """Generate the answer to the prompt "Why?"."""
    messages = MessagesWithHistory(*history)
    prompt = make_message(id=MessageId(1), role=MessageRole.USER, content="Why?")
    pending = make_message(
        id=MessageId(2), status=MessageStatus.PENDING, content="", model_id=ModelId("m"), thinking_mode=mode
    )
    running = RunningAnswer(
        LOCAL, messages.put(pending), messages.put(prompt), settings, SearchedDocuments(), EventLog(pending.id)
    )
    answerer = Answerer(cast(Any, None), cast(Any, messages), cast(Any, None), LoadedModel(inference), b"key")
    result = await answerer.answer(running)
    running.end(running.ended_with(Outcome(MessageStatus.COMPLETED, None, result)))
    return running


def statuses(running: RunningAnswer) -> set[MessageStatus]:
    return {event.status for event in running.log._events if isinstance(event, Progressed)}


@pytest.mark.parametrize("support", [NONE, POSSIBLE, NATIVE])
async def test_without_reasoning_there_is_one_generation_with_reasoning_switched_off(support: ReasoningSupport) -> None:
    inference = FakeInference(reasoning=support)
    running = await answer(inference, DIRECT)
    assert [request.thinking for request in inference.requests] == [False]
    assert (running.message.content, running.message.reasoning) == ("Hello world.", None)


@pytest.mark.parametrize("support", [POSSIBLE, NATIVE])
async def test_a_model_that_reasons_by_itself_is_asked_once_with_reasoning_switched_on(
    support: ReasoningSupport,
) -> None:
    inference = FakeInference(Script(("It is", " four."), reasoning=("A", " sum.")), reasoning=support)
    running = await answer(inference, COT)
    assert [(request.thinking, request.was_canceled) for request in inference.requests] == [(True, False)]
    assert (running.message.content, running.message.reasoning) == ("It is four.", "A sum.")
    assert running.message.generation is not None
    assert running.message.generation.usage.reasoning_tokens == 2


async def test_a_model_that_cannot_reason_gets_a_separate_reasoning_step() -> None:
    inference = FakeInference(Script(("First", " steps.")), Script(("It is", " four.")), reasoning=NONE)
    running = await answer(inference, COT)
    step, final = inference.requests
    assert (step.thinking, final.thinking) == (False, False)
    assert "Write only your steps" in step.messages[-1][1]
    assert "First steps." in final.messages[-1][1]
    assert (running.message.content, running.message.reasoning) == ("It is four.", "First steps.")
    assert MessageStatus.THINKING in statuses(running)


async def test_a_model_that_might_reason_but_does_not_gets_a_separate_reasoning_step() -> None:
    scripts = Script(("It is", " four.")), Script(("First", " steps.")), Script(("So", " four."))
    inference = FakeInference(*scripts, reasoning=POSSIBLE)
    running = await answer(inference, COT)
    assert [request.was_canceled for request in inference.requests] == [True, False, False]
    assert (running.message.content, running.message.reasoning) == ("So four.", "First steps.")


async def test_without_room_for_a_reasoning_step_the_answer_is_generated_directly() -> None:
    inference = FakeInference(context_length=130)
    running = await answer(inference, COT)
    assert len(inference.requests) == 1
    assert running.message.content == "Hello world."


async def test_history_that_the_template_rejects_is_dropped_from_the_oldest_pair_on() -> None:
    inference = FakeInference(rejected="<forbidden>")
    history = [("One?", "Fine."), ("Two?", "It was <forbidden> here."), ("Three?", "Fine, too.")]
    running = await answer(inference, history=history)
    texts = [text for _, text in inference.requests[0].messages]
    assert texts == ["Three?", "Fine, too.", "Why?"]
    assert running.message.generation is not None
    assert running.message.generation.budget.dropped_history_messages == 4


async def test_a_question_that_the_template_rejects_raises_unsupported() -> None:
    with pytest.raises(Unsupported):
        await answer(FakeInference(rejected="Why?"), history=[("One?", "Fine.")])


@pytest.mark.parametrize(
    ("system_prompt", "expected"),
    [("", []), (DEFAULT_INSTRUCTIONS, [DEFAULT_INSTRUCTIONS]), ("Be kind.", ["Be kind."])],
)
async def test_an_empty_system_prompt_is_no_message(system_prompt: str, expected: list[str]) -> None:
    inference = FakeInference()
    await answer(inference, settings=SessionSettings(system_prompt=system_prompt))
    assert [text for role, text in inference.requests[0].messages if role == "system"] == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            Script(("",), ("One", " two", " three"), finish_reason=FinishReason.LENGTH),
            "limit of 100 tokens while the model was still reasoning. Raise maxTokens",
        ),
        (Script(("",), finish_reason=FinishReason.LENGTH), "limit of 100 tokens before there was any text"),
        (Script(("",), stop_string="END"), "The stop string 'END' ended the answer"),
        (Script(("",), stop_string="<|im_end|>"), "ended its answer without any text"),
        (Script(("",)), "ended its answer without any text"),
    ],
)
async def test_the_error_of_an_empty_answer_names_what_ended_it(script: Script, expected: str) -> None:
    with pytest.raises(EmptyAnswer, match=expected):
        await answer(FakeInference(script, reasoning=NATIVE), COT)


async def test_the_error_of_an_empty_answer_names_a_context_that_is_too_short() -> None:
    script = Script(("",), finish_reason=FinishReason.LENGTH)
    with pytest.raises(EmptyAnswer, match="Load the model with a longer context"):
        await answer(FakeInference(script, context_length=57))


async def test_prompts_have_the_salt_of_their_user() -> None:
    inference = FakeInference()
    for _ in range(2):
        await answer(inference)
    assert {request.salt for request in inference.requests} == {cache_salt(b"key", LOCAL)}


def test_salts_differ_between_users_and_keys() -> None:
    salts = {cache_salt(key, access) for key in (b"key", b"another") for access in (LOCAL, STRANGER)}
    assert len(salts) == 4
    assert all(len(salt) == 32 for salt in salts)
