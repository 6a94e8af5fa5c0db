"""An engine without its process: a test runs the steps one by one and reads what each call received."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engines.inference.defaults import SAMPLING
from engines.inference.protocol import CompletionDelta, Finished, PromptProgress
from engines.inference.worker.llama.llama_context import Context
from engines.inference.worker.llama.model import AbortFlag, LlamaLog, Model
from engines.inference.worker.prompting.prompt_builder import Prompt
from engines.inference.worker.scheduling.engine import Engine
from engines.inference.worker.scheduling.job import Job
from engines.inference.worker.scheduling.job_queue import JobQueue
from engines.inference.worker.self_test import check_context
from engines.inference.worker.streaming.completion_tokens import CompletionTokens
from engines.inference.worker.streaming.reasoning_format import Section
from engines.inference.worker.streaming.text_stream import TextStream
from records.model import LoadRequest
from records.session import SamplingSettings
from records.values.overlay import overlay
from workers.child import CallCanceled

GREEDY = SamplingSettings(temperature=0.0)


@dataclass(eq=False)
class FakeCall:
    """A fake of `workers.child.Call` that records its events and its end."""

    events: list[msgspec.Struct] = field(default_factory=list)
    result: Finished | None = None
    failure: str | None = None
    canceled: bool = False
    has_credit: bool = True
    on_cancel: Callable[[], object] | None = None
    ends: int = 0

    def event(self, body: msgspec.Struct) -> None:
        if self.canceled:
            raise CallCanceled
        self.events.append(body)

    def allow_last_events(self) -> None:
        self.has_credit = True

    def reply(self, body: Finished) -> None:
        self.ends += 1
        self.result = body

    def fail(self, code: str, message: str, detail: str = "") -> None:
        self.ends += 1
        self.failure = f"{code}: {message} {detail}"

    def cancel(self) -> None:
        self.canceled = True
        if self.on_cancel is not None:
            self.on_cancel()

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, CompletionDelta))

    @property
    def progress(self) -> list[PromptProgress]:
        return [event for event in self.events if isinstance(event, PromptProgress)]

    @property
    def finished(self) -> Finished:
        assert self.result is not None, self.failure
        return self.result


class ArmedAbort(AbortFlag):
    """Aborts the next decode if it is armed, like a cancellation in the middle of that decode."""

    armed = False

    def clear(self) -> None:
        super().clear()
        if self.armed:
            self.armed = False
            self.set()


class RecordingCompletionTokens(CompletionTokens):
    """Records the tokens of the last stored answer in `last`."""

    last: list[int]

    def store(self, conversation: str, content: str, tokens: list[int]) -> None:
        super().store(conversation, content, tokens)
        self.last = tokens


class EngineHarness:
    """One model with one engine. `close` must be called at the end."""

    def __init__(self, path: Path, settings: LoadRequest, swap_bytes: int = 1 << 24) -> None:
        self.log = LlamaLog()
        model = Model.load(path, settings, lambda _: True)
        assert model is not None
        self.model = model
        self.abort = ArmedAbort()
        context = Context.create(model, settings, self.abort)
        assert context is not None
        check_context(context)
        self.queue = JobQueue(64)
        self.completion_tokens = RecordingCompletionTokens()
        self.engine = Engine(model, context, self.abort, self.queue, self.completion_tokens, swap_bytes)

    def close(self) -> None:
        self.engine.context.close()
        self.model.close()

    def ask(
        self,
        tokens: list[int],
        max_tokens: int,
        *,
        sampling: SamplingSettings = GREEDY,
        conversation: str = "",
        salt: str = "",
        grammar: str | None = None,
    ) -> FakeCall:
        """Queue a job for a prompt of these tokens."""
        call = FakeCall()
        prompt = Prompt("", tokens, Section.START)
        values = overlay(sampling, SAMPLING)
        job = Job(call, conversation, salt, prompt, values, max_tokens, TextStream(), grammar)  # type: ignore[arg-type]
        call.on_cancel = lambda: self._drop(job)
        self.queue.put(job)
        return call

    def _drop(self, job: Job) -> None:
        if self.queue.remove(job):
            job.call.fail("CANCELED", "The call was canceled.")

    @property
    def is_busy(self) -> bool:
        return self.engine.is_busy or len(self.queue) > 0

    def run(self, steps: int = 100_000) -> None:
        """Run steps until all answers have ended, at most `steps` of them."""
        for _ in range(steps):
            if not self.is_busy:
                return
            self.engine.step()
