"""Tracing spans of one generation: waiting in the queue, prefill, decoding.

The spans contain counts, names and settings only; no text of the model input or the answer.
"""

from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, contextmanager

from engines.inference import Generation
from engines.inference.protocol import Finished, GenerateEvent, PromptProgress
from records.session import SamplingSettings
from records.tracing import Span, Tracer

QUEUE, PREFILL, DECODE = "queue", "prefill", "decode"


@contextmanager
def inference_span(tracer: Tracer, model: str, conversation: str, sampling: SamplingSettings) -> Iterator[Span]:
    """Open the span of a generation, with the attributes of OpenTelemetry's conventions for generative AI.

    `model` is the model's display name.
    """
    with tracer.span(f"chat {model}") as span:
        span.set("gen_ai.operation.name", "chat")
        span.set("gen_ai.provider.name", "llama.cpp")
        span.set("gen_ai.request.model", model)
        span.set("gen_ai.conversation.id", conversation)
        for name, value in (
            ("max_tokens", sampling.max_tokens),
            ("temperature", sampling.temperature),
            ("top_p", sampling.top_p),
        ):
            if value is not None:
                span.set(f"gen_ai.request.{name}", value)
        yield span


def set_usage(span: Span, finished: Finished) -> None:
    """Set the attributes that are known at the end of a generation."""
    span.set("gen_ai.usage.input_tokens", finished.prompt_tokens)
    span.set("gen_ai.usage.output_tokens", finished.completion_tokens)
    span.set("gen_ai.usage.cache_read.input_tokens", finished.cached_tokens)
    span.set("gen_ai.response.finish_reasons", [finished.finish_reason.lower()])


class GenerationSpans:
    """Passes on the events of a generation, and opens a span for each of its phases."""

    def __init__(self, tracer: Tracer, generation: Generation) -> None:
        self._tracer = tracer
        self._generation = generation
        self._open = ExitStack()
        self._phase = ""

    async def events(self) -> AsyncGenerator[GenerateEvent, None]:
        self._enter(QUEUE)
        with self._open:
            async for event in self._generation:
                self._enter(_phase(event))
                yield event

    def _enter(self, phase: str) -> None:
        if phase != self._phase:
            self._open.close()
            self._open.enter_context(self._tracer.span(phase))
            self._phase = phase


def _phase(event: GenerateEvent) -> str:
    if not isinstance(event, PromptProgress):
        return DECODE
    return QUEUE if event.queue_position > 0 else PREFILL
