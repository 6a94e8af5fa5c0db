"""Generates the text of an answer, with or without reasoning before it.

In a mode that reasons, a model that can reason by itself does so. For any other model the reasoning is a separate generation
before the answer, whose text becomes part of the answer's model input.
"""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from engines.inference import Inference
from engines.inference.client import ChatMessage
from engines.inference.protocol import Finished, PromptProgress, ReasoningSupport
from records.answer import Progressed
from records.session import MessageStatus, SamplingSettings, ThinkingMode
from records.tracing import Tracer
from services.answers.generation_spans import GenerationSpans, inference_span, set_usage
from services.answers.running_answer import RunningAnswer
from services.metrics.latency import Latency
from services.prompts import FittedPrompt, ask_for_answer, ask_for_reasoning
from services.usage.token_tally import TokenTally

REASONING_TOKENS = 256
"""Maximum number of tokens of the separate reasoning, for models that do not reason by themselves."""

MIN_REASONING_TOKENS = 32


@dataclass(frozen=True, slots=True)
class PromptCounter:
    """Counts the tokens of model inputs, rendered exactly as for the generation."""

    inference: Inference
    conversation: str
    thinking: bool

    @property
    def context_length(self) -> int:
        return self.inference.context_length

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return await self.inference.count_tokens(texts)

    async def count_prompt(self, messages: Sequence[ChatMessage]) -> int:
        return await self.inference.count_prompt(messages, self.conversation, thinking=self.thinking)


@dataclass(frozen=True, slots=True)
class Generated:
    """Summaries of the generations of an answer."""

    answer: Finished
    reasoning: Finished | None = None
    "The separate reasoning, if there was one."


@dataclass(frozen=True, slots=True)
class TextGenerator:
    """Generates text and publishes it as events of the answer."""

    tracer: Tracer
    latency: Latency
    salt: str
    "Salt of the user. Only prompts with the same salt share cached prefixes."

    async def generate(
        self, running: RunningAnswer, inference: Inference, fitted: FittedPrompt, sampling: SamplingSettings
    ) -> Generated:
        """Generate the answer from a fitted model input."""
        mode, support = thinking_mode(running), inference.reasoning
        if not mode.thinks or support is ReasoningSupport.NATIVE:
            return Generated(await self._write(running, inference, fitted.messages, sampling, thinking=mode.thinks))
        if support is ReasoningSupport.POSSIBLE:
            finished = await self._write_if_reasoned(running, inference, fitted.messages, sampling)
            if finished is not None:
                return Generated(finished)
        messages, reasoning = await self._reason(running, inference, fitted, sampling)
        return Generated(await self._write(running, inference, messages, sampling, thinking=False), reasoning)

    async def _reason(
        self, running: RunningAnswer, inference: Inference, fitted: FittedPrompt, sampling: SamplingSettings
    ) -> tuple[list[ChatMessage], Finished | None]:
        """Generate the separate reasoning, and return the model input that contains it.

        If the context window has no room for the reasoning, or for the model input with it, `fitted` is returned unchanged.
        """
        counter = PromptCounter(inference, conversation_key(running), thinking=False)
        reserved, context = fitted.budget.reserved_for_answer, inference.context_length
        room = (context - await counter.count_prompt(fitted.messages) - reserved) // 2
        request = ask_for_reasoning(fitted.messages)
        if room < MIN_REASONING_TOKENS or await counter.count_prompt(request) + REASONING_TOKENS > context:
            return fitted.messages, None
        running.change(status=MessageStatus.THINKING)
        limited = replace(sampling, max_tokens=min(REASONING_TOKENS, room))
        finished = await self._stream(running, inference, request, limited, _publish_reasoning)
        messages = ask_for_answer(fitted.messages, running.log.reasoning.strip())
        fits = await counter.count_prompt(messages) + reserved <= context
        return (messages if fits else fitted.messages), finished

    async def _write(
        self,
        running: RunningAnswer,
        inference: Inference,
        messages: list[ChatMessage],
        sampling: SamplingSettings,
        *,
        thinking: bool,
    ) -> Finished:
        running.change(status=MessageStatus.GENERATING)
        finished = await self._stream(running, inference, messages, sampling, _publish, thinking=thinking)
        assert finished is not None
        return finished

    async def _write_if_reasoned(
        self, running: RunningAnswer, inference: Inference, messages: list[ChatMessage], sampling: SamplingSettings
    ) -> Finished | None:
        """Generate the answer, but cancel it and return None if the model begins it without reasoning."""
        running.change(status=MessageStatus.GENERATING)
        return await self._stream(running, inference, messages, sampling, _publish_reasoned, thinking=True)

    async def _stream(
        self,
        running: RunningAnswer,
        inference: Inference,
        messages: list[ChatMessage],
        sampling: SamplingSettings,
        publish: "_Publish",
        *,
        thinking: bool = False,
    ) -> Finished | None:
        """Generate and publish the text. Return None if `publish` rejected it and the generation was canceled.

        The tokens are added to those that the answer has used, whatever the end of the generation.
        """
        conversation, tally = conversation_key(running), TokenTally()
        try:
            with inference_span(self.tracer, running.message.model_name or "", conversation, sampling) as span:
                async with (
                    inference.generate(
                        messages, sampling, conversation, salt=self.salt, thinking=thinking
                    ) as generation,
                    aclosing(GenerationSpans(self.tracer, generation).events()) as events,
                ):
                    async for event in events:
                        tally.add(event)
                        if isinstance(event, PromptProgress):
                            publish_progress(running, running.message.status, event)
                        elif not publish(running, event.text, event.reasoning):
                            return None
                tally.finish(generation.finished)
                set_usage(span, generation.finished)
        finally:
            running.used += tally.tokens
        self.latency.observe(generation.finished)
        return generation.finished


class _Publish(Protocol):
    def __call__(self, running: RunningAnswer, text: str, reasoning: str, /) -> bool:
        """Publish the next text of a generation; return False to cancel it."""
        ...


def _publish(running: RunningAnswer, text: str, reasoning: str) -> bool:
    if reasoning:
        running.log.write_reasoning(reasoning)
    if text:
        running.log.write_text(text)
    return True


def _publish_reasoning(running: RunningAnswer, text: str, reasoning: str) -> bool:
    """Publish the text and the reasoning as reasoning."""
    return _publish(running, "", reasoning + text)


def _publish_reasoned(running: RunningAnswer, text: str, reasoning: str) -> bool:
    """Publish the text and the reasoning. Publish nothing and return False if the answer begins without reasoning."""
    has_reasoning = bool(reasoning or running.log.reasoning)
    return _publish(running, text, reasoning) if has_reasoning or not text else False


def thinking_mode(running: RunningAnswer) -> ThinkingMode:
    return running.message.thinking_mode or ThinkingMode.DIRECT


def conversation_key(running: RunningAnswer) -> str:
    """Return the key under which the model reuses the KV cache of the session."""
    return str(running.message.session_id)


def publish_progress(running: RunningAnswer, status: MessageStatus, progress: PromptProgress | None = None) -> None:
    running.change(status=status)
    running.publish(
        lambda seq: Progressed(
            seq,
            running.message.id,
            status,
            progress.queue_position if progress else None,
            progress.prompt_tokens if progress else None,
            progress.prefilled_tokens if progress else None,
        )
    )
