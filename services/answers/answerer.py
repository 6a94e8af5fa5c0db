"""One answer, top to bottom: wait for the model, retrieve, fit the prompt, think, write, cite."""

from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Protocol

from engines.inference import Inference
from engines.inference.client import ChatMessage
from engines.inference.protocol import Finished, PromptProgress
from records.answer import Progressed, Retrieved
from records.codes import ErrorCode
from records.errors import EmptyAnswer, ExpectedError
from records.ids import ModelId
from records.retrieval import LegState, Retrieval, RetrievalQuery
from records.session import (
    FinishReason,
    GenerationDetails,
    MessageStatus,
    SamplingSettings,
    ThinkingMode,
    TokenUsage,
)
from records.tracing import NoTracing, Tracer
from services.answers.citations import cite, mark_used
from services.answers.generation_spans import GenerationSpans, inference_span, set_usage
from services.answers.running_answer import RunningAnswer
from services.interfaces.document_store import DocumentStore
from services.interfaces.message_store import MessageStore
from services.metrics.latency import Latency
from services.prompts import FittedPrompt, Passage, PromptParts, ask_for_answer, ask_for_reasoning, fit_prompt

REASONING_TOKENS = 256
"""The most that a model without think tags of its own writes before its answer, where the mode asks it to think."""


class RetrievalFailed(ExpectedError):
    code = ErrorCode.WORKER_CRASHED

    def __init__(self, reason: str) -> None:
        super().__init__(f"The documents could not be searched: {reason}")


class Retrieves(Protocol):
    async def retrieve(self, query: RetrievalQuery) -> Retrieval: ...


class ReadyModels(Protocol):
    """What an answer needs of the models: one that is ready, now or after it has loaded."""

    async def wait_ready(self, model_id: ModelId) -> None: ...
    def inference(self, model_id: ModelId) -> Inference: ...
    def use(self, model_id: ModelId) -> AbstractAsyncContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class Answerer:
    documents: DocumentStore
    messages: MessageStore
    retriever: Retrieves
    models: ReadyModels
    tracer: Tracer = field(default_factory=NoTracing)
    waits: Latency = field(default_factory=Latency)

    async def answer(self, work: RunningAnswer) -> None:
        """Make the answer and finish it as COMPLETED; every expected failure is raised for the owner to tell."""
        model_id = work.message.model_id
        assert model_id is not None, "send() chose the model"
        with self.tracer.span("answer") as span:
            span.set("graphlore.thinking_mode", (work.message.thinking_mode or ThinkingMode.DIRECT).value)
            _progress(work, MessageStatus.PENDING)
            began = perf_counter()
            with self.tracer.span("wait for model"):
                await self.models.wait_ready(model_id)
            inference = self.models.inference(model_id)
            waited = (perf_counter() - began) * 1000
            async with self.models.use(model_id):
                await self._make(work, inference, waited)

    async def _make(self, work: RunningAnswer, inference: Inference, waited_ms: float) -> None:
        fitted, retrieval_ms = await self._prompt(work, inference)
        sampling = work.settings.sampling or SamplingSettings()
        sampling = replace(sampling, max_tokens=fitted.budget.reserved_for_answer)
        messages, thought = await self._think(work, inference, fitted, sampling)
        finished = await self._write(work, inference, messages, sampling)
        if not work.log.content.strip():
            raise EmptyAnswer
        details = _details(work, sampling, finished, thought, fitted, waited_ms, retrieval_ms)
        citations = mark_used(work.message.citations, work.log.content)
        await work.finish(self.messages, MessageStatus.COMPLETED, generation=details, citations=citations)

    async def _prompt(self, work: RunningAnswer, inference: Inference) -> tuple[FittedPrompt, float | None]:
        """Retrieve where the mode asks for it, and choose what fits."""
        mode = work.message.thinking_mode or ThinkingMode.DIRECT
        passages: tuple[Passage, ...] = ()
        took: float | None = None
        if mode.retrieves and work.document_ids != ():
            _progress(work, MessageStatus.RETRIEVING)
            retrieval = await self._retrieve(work)
            took = retrieval.took_ms
            passages = await cite(retrieval.hits, self.documents)
        fitted = await self._fit(work, inference, mode, passages)
        if took is not None:
            citations = tuple(passage.citation for passage in fitted.parts.passages)
            work.change(citations=citations)
            work.tell(lambda seq: Retrieved(seq, work.message.id, citations, took))
        return fitted, took

    async def _fit(
        self, work: RunningAnswer, inference: Inference, mode: ThinkingMode, passages: tuple[Passage, ...]
    ) -> FittedPrompt:
        with self.tracer.span("build prompt") as span:
            pairs = work.settings.history_pairs or 0
            history = await self.messages.history(work.message.session_id, work.prompt.id, pairs)
            parts = PromptParts(work.settings.system_prompt, mode, history, passages, work.prompt.content)
            sampling = work.settings.sampling or SamplingSettings()
            extra = REASONING_TOKENS if mode.thinks and not inference.thinks else 0
            fitted = await fit_prompt(inference, parts, sampling.max_tokens or 512, extra)
            span.set("graphlore.prompt.passages", len(fitted.parts.passages))
            span.set("graphlore.prompt.history_messages", len(fitted.parts.history))
            span.set("graphlore.prompt.dropped_passages", fitted.budget.dropped_passages)
        return fitted

    async def _retrieve(self, work: RunningAnswer) -> Retrieval:
        settings = work.settings
        query = RetrievalQuery(
            text=work.prompt.content[:10_000],
            top_k=settings.top_k or 5,
            document_ids=work.document_ids,
            rerank=bool(settings.rerank),
            min_similarity=settings.min_similarity,
        )
        retrieval = await self.retriever.retrieve(query)
        failed = [leg for leg in retrieval.legs if leg.state is LegState.FAILED]
        if failed and not any(leg.state is LegState.RAN for leg in retrieval.legs if leg.name != "fusion"):
            raise RetrievalFailed(failed[0].message or "no reason given")
        return retrieval

    async def _think(
        self, work: RunningAnswer, inference: Inference, fitted: FittedPrompt, sampling: SamplingSettings
    ) -> tuple[list[ChatMessage], Finished | None]:
        """Let a model without think tags of its own write its steps first; they become part of the prompt."""
        mode = work.message.thinking_mode or ThinkingMode.DIRECT
        if not mode.thinks or inference.thinks:
            return fitted.messages, None
        spare = inference.context_length - await inference.count_prompt(fitted.messages)
        spare = (spare - fitted.budget.reserved_for_answer) // 2
        if spare < REASONING_TOKENS // 8:
            return fitted.messages, None
        work.change(status=MessageStatus.THINKING)
        steps = replace(sampling, max_tokens=min(REASONING_TOKENS, spare))
        ask = ask_for_reasoning(fitted.messages)
        if await inference.count_prompt(ask) + REASONING_TOKENS > inference.context_length:
            return fitted.messages, None
        thought = await self._generate(work, inference, ask, steps, thinking=True)
        with_notes = ask_for_answer(fitted.messages, work.log.reasoning.strip())
        total = await inference.count_prompt(with_notes)
        fits = total + fitted.budget.reserved_for_answer <= inference.context_length
        return (with_notes if fits else fitted.messages), thought

    async def _write(
        self, work: RunningAnswer, inference: Inference, messages: list[ChatMessage], sampling: SamplingSettings
    ) -> Finished:
        work.change(status=MessageStatus.GENERATING)
        return await self._generate(work, inference, messages, sampling, thinking=False)

    async def _generate(
        self,
        work: RunningAnswer,
        inference: Inference,
        messages: list[ChatMessage],
        sampling: SamplingSettings,
        *,
        thinking: bool,
    ) -> Finished:
        conversation = str(work.message.session_id)
        with inference_span(self.tracer, work.message.model_name or "", conversation, sampling) as span:
            async with inference.generate(messages, sampling, conversation=conversation) as generation:
                await _follow(work, GenerationSpans(self.tracer, generation), thinking=thinking)
            set_usage(span, generation.finished)
        self.waits.note(generation.finished)
        return generation.finished


async def _follow(work: RunningAnswer, phases: GenerationSpans, *, thinking: bool) -> None:
    async with aclosing(phases.events()) as events:
        async for event in events:
            if isinstance(event, PromptProgress):
                _progress(work, work.message.status, event)
                continue
            text, reasoning = ("", event.reasoning + event.text) if thinking else (event.text, event.reasoning)
            if reasoning:
                work.log.write_reasoning(reasoning)
            if text:
                work.log.write_text(text)


def _progress(work: RunningAnswer, status: MessageStatus, read: PromptProgress | None = None) -> None:
    work.change(status=status)
    work.tell(
        lambda seq: Progressed(
            seq,
            work.message.id,
            status,
            read.queue_position if read else None,
            read.prompt_tokens if read else None,
            read.prompt_tokens_read if read else None,
        )
    )


def _details(
    work: RunningAnswer,
    sampling: SamplingSettings,
    finished: Finished,
    thought: Finished | None,
    fitted: FittedPrompt,
    waited_ms: float,
    retrieval_ms: float | None,
) -> GenerationDetails:
    thought_tokens = thought.completion_tokens if thought else 0
    return GenerationDetails(
        sampling=sampling,
        usage=TokenUsage(
            prompt_tokens=finished.prompt_tokens,
            cached_tokens=finished.cached_tokens,
            completion_tokens=finished.completion_tokens,
            reasoning_tokens=finished.reasoning_tokens + thought_tokens,
        ),
        finish_reason=FinishReason(finished.finish_reason),
        queued_ms=waited_ms + finished.queued_ms,
        retrieval_ms=retrieval_ms,
        time_to_first_token_ms=finished.time_to_first_token_ms,
        tokens_per_second=finished.tokens_per_second,
        budget=fitted.budget,
        prompt=finished.prompt,
    )
