"""Generates one answer: wait for the model, retrieve passages, fit the model input, reason, generate, cite."""

import hmac
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Protocol

import anyio

from engines.inference import Inference
from engines.inference.protocol import Finished, ReasoningSupport
from records.access import AccessScope
from records.answer import Retrieved
from records.codes import ErrorCode
from records.errors import EmptyAnswer, ExpectedError
from records.ids import ModelId
from records.retrieval import MAX_QUERY_LENGTH, Leg, LegState, Retrieval, RetrievalQuery
from records.session import (
    FinishReason,
    GenerationDetails,
    MessageStatus,
    SamplingSettings,
    TokenUsage,
)
from records.tracing import NoTracing, Tracer
from services.answers.citations import cite, mark_used
from services.answers.running_answer import AnswerResult, RunningAnswer
from services.answers.text_generation import (
    REASONING_TOKENS,
    Generated,
    PromptCounter,
    TextGenerator,
    conversation_key,
    publish_progress,
    thinking_mode,
)
from services.interfaces.document_store import DocumentStore
from services.interfaces.message_store import MessageStore
from services.metrics.latency import Latency
from services.prompts import FittedPrompt, Passage, PromptParts, fit_prompt

DEFAULT_MAX_TOKENS = 512
MAX_RETRIEVALS = 4
"""Maximum number of answers that search the documents at the same time. Others wait in the order of their arrival."""


class RetrievalFailed(ExpectedError):
    """The documents could not be searched for an answer."""

    code = ErrorCode.WORKER_CRASHED

    def __init__(self, reason: str) -> None:
        super().__init__(f"The documents could not be searched: {reason}")


class Retrieves(Protocol):
    """The part of the retriever that answers use."""

    async def retrieve(self, access: AccessScope, query: RetrievalQuery) -> Retrieval: ...


class ReadyModels(Protocol):
    """The models that can generate answers."""

    async def wait_ready(self, model_id: ModelId) -> None:
        """Return when the model is loaded. Raises `ModelNotReady` if it is neither loaded nor loading."""
        ...

    def inference(self, model_id: ModelId) -> Inference: ...
    def use(self, model_id: ModelId) -> AbstractAsyncContextManager[None]:
        """Prevent the model from being unloaded while the block is open."""
        ...


@dataclass(frozen=True, slots=True)
class Answerer:
    """Generates answers, one in each call of `answer`. `AnswerRunner` calls it and handles the failures that it raises."""

    documents: DocumentStore
    messages: MessageStore
    retriever: Retrieves
    models: ReadyModels
    salt_key: bytes
    "Secret from which the salts of the users are computed (`cache_salt`)."
    tracer: Tracer = field(default_factory=NoTracing)
    latency: Latency = field(default_factory=Latency)
    retrievals: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(MAX_RETRIEVALS))

    async def answer(self, running: RunningAnswer) -> AnswerResult:
        """Generate the answer into its log. Raises an `ExpectedError` for every expected failure."""
        model_id = running.message.model_id
        assert model_id is not None, "send() chose the model"
        with self.tracer.span("answer") as span:
            span.set("graphlore.thinking_mode", thinking_mode(running).value)
            publish_progress(running, MessageStatus.PENDING)
            began = perf_counter()
            with self.tracer.span("wait for model"):
                await self.models.wait_ready(model_id)
            inference = self.models.inference(model_id)
            waited = (perf_counter() - began) * 1000
            async with self.models.use(model_id):
                return await self._make(running, inference, waited)

    async def _make(self, running: RunningAnswer, inference: Inference, waited_ms: float) -> AnswerResult:
        fitted, retrieval_ms = await self._prompt(running, inference)
        requested, limit = running.settings.sampling or SamplingSettings(), fitted.budget.reserved_for_answer
        sampling = replace(requested, max_tokens=limit)
        generator = TextGenerator(self.tracer, self.latency, cache_salt(self.salt_key, running.access))
        generated = await generator.generate(running, inference, fitted, sampling)
        if not running.log.content.strip():
            raise EmptyAnswer(_explain_empty(generated.answer, requested, limit))
        details = _details(sampling, generated, fitted, waited_ms, retrieval_ms)
        if running.hides_prompt:
            details = replace(details, prompt=None)
        citations = await anyio.to_thread.run_sync(mark_used, running.message.citations, running.log.content)
        return AnswerResult(details, citations)

    async def _prompt(self, running: RunningAnswer, inference: Inference) -> tuple[FittedPrompt, float | None]:
        """Retrieve passages if the thinking mode requires them, and fit the model input into the context window.

        Return the model input, and the duration of the retrieval in milliseconds: None if nothing was retrieved.
        """
        passages: tuple[Passage, ...] = ()
        took: float | None = None
        if thinking_mode(running).retrieves and not (running.searched and running.searched.are_none):
            publish_progress(running, MessageStatus.RETRIEVING)
            retrieval = await self._retrieve(running)
            took = retrieval.took_ms
            passages = await cite(running.access, retrieval.hits, self.documents)
        fitted = await self._fit(running, inference, passages)
        if took is not None:
            citations = tuple(passage.citation for passage in fitted.parts.passages)
            running.change(citations=citations)
            running.publish(lambda seq: Retrieved(seq, running.message.id, citations, took))
        return fitted, took

    async def _fit(self, running: RunningAnswer, inference: Inference, passages: tuple[Passage, ...]) -> FittedPrompt:
        mode = thinking_mode(running)
        with self.tracer.span("build prompt") as span:
            pairs = running.settings.history_pairs or 0
            history = await self.messages.history(running.access, running.prompt.id, pairs)
            parts = PromptParts(running.settings.system_prompt, mode, history, passages, running.prompt.content)
            sampling = running.settings.sampling or SamplingSettings()
            counter = PromptCounter(inference, conversation_key(running), mode.thinks)
            needs_step = mode.thinks and inference.reasoning is not ReasoningSupport.NATIVE
            reasoning_tokens = REASONING_TOKENS if needs_step else 0
            fitted = await fit_prompt(counter, parts, sampling.max_tokens or DEFAULT_MAX_TOKENS, reasoning_tokens)
            span.set("graphlore.prompt.passages", len(fitted.parts.passages))
            span.set("graphlore.prompt.history_messages", len(fitted.parts.history))
            span.set("graphlore.prompt.dropped_passages", fitted.budget.dropped_passages)
        return fitted

    async def _retrieve(self, running: RunningAnswer) -> Retrieval:
        settings = running.settings
        query = RetrievalQuery(
            text=running.prompt.content[:MAX_QUERY_LENGTH],
            top_k=settings.top_k or 5,
            searched=running.searched,
            rerank=bool(settings.rerank),
            min_similarity=settings.min_similarity,
        )
        async with self.retrievals:
            retrieval = await self.retriever.retrieve(running.access, query)
        failed = [leg for leg in retrieval.legs if leg.state is LegState.FAILED]
        if failed and not any(leg.state is LegState.RAN for leg in retrieval.legs if leg.name is not Leg.FUSION):
            raise RetrievalFailed(failed[0].message or "no reason given")
        return retrieval


def cache_salt(key: bytes, access: AccessScope) -> str:
    """Return the salt of a user's prompts in prefix caches: an HMAC of the user id, so that it does not reveal the id."""
    return hmac.new(key, str(access.user_id).encode(), "sha256").hexdigest()[:32]


def _explain_empty(finished: Finished, requested: SamplingSettings, limit: int) -> str:
    """Return the reason why an answer has no text, with what to do about it. `limit` is in tokens."""
    if finished.finish_reason is FinishReason.LENGTH:
        when = "while the model was still reasoning" if finished.reasoning_tokens else "before there was any text"
        is_reduced = limit < (requested.max_tokens or DEFAULT_MAX_TOKENS)
        remedy = "Load the model with a longer context" if is_reduced else "Raise maxTokens"
        return (
            f"The answer reached its limit of {limit:,} tokens {when}. {remedy}, "
            "or ask in the mode DIRECT, which switches the model's reasoning off if its chat template can do that."
        )
    if finished.stop_string in (requested.stop or ()):
        return f"The stop string {finished.stop_string!r} ended the answer before there was any text. Change `stop`."
    return "The model ended its answer without any text. Ask again, or rephrase the question."


def _details(
    sampling: SamplingSettings,
    generated: Generated,
    fitted: FittedPrompt,
    waited_ms: float,
    retrieval_ms: float | None,
) -> GenerationDetails:
    finished, reasoning = generated.answer, generated.reasoning
    return GenerationDetails(
        sampling=sampling,
        usage=TokenUsage(
            prompt_tokens=finished.prompt_tokens,
            cached_tokens=finished.cached_tokens,
            completion_tokens=finished.completion_tokens,
            reasoning_tokens=finished.reasoning_tokens + (reasoning.completion_tokens if reasoning else 0),
        ),
        finish_reason=FinishReason(finished.finish_reason),
        queued_ms=waited_ms + finished.queued_ms,
        retrieval_ms=retrieval_ms,
        time_to_first_token_ms=finished.time_to_first_token_ms,
        tokens_per_second=finished.tokens_per_second,
        budget=fitted.budget,
        prompt=finished.prompt,
    )
