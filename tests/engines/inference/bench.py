"""The engine without its process: steps are taken one by one, and what each answer is told can be looked at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engines.inference.defaults import SAMPLING, inherit
from engines.inference.protocol import Finished, Generate, Priority, PromptProgress, Written
from engines.inference.worker.llama.context import Context
from engines.inference.worker.llama.model import Abort, Log, Model
from engines.inference.worker.scheduling.engine import Engine
from engines.inference.worker.scheduling.job import Job, JobQueue
from engines.inference.worker.self_test import check
from engines.inference.worker.text.completion_tokens import CompletionTokens
from engines.inference.worker.text.prompt import Prompt
from records.model import LoadRequest
from records.session import SamplingSettings
from workers.child import CallCanceled

GREEDY = SamplingSettings(temperature=0.0)


@dataclass(eq=False)
class FakeCall:
    """What a call looks like from inside the worker."""

    events: list[msgspec.Struct] = field(default_factory=list)
    reply_given: Finished | None = None
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
        self.reply_given = body

    def fail(self, code: str, message: str, detail: str = "") -> None:
        self.ends += 1
        self.failure = f"{code}: {message} {detail}"

    def cancel(self) -> None:
        self.canceled = True
        if self.on_cancel is not None:
            self.on_cancel()

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Written))

    @property
    def progress(self) -> list[PromptProgress]:
        return [event for event in self.events if isinstance(event, PromptProgress)]

    @property
    def finished(self) -> Finished:
        assert self.reply_given is not None, self.failure
        return self.reply_given


class RestlessAbort(Abort):
    """Ends the next decode where it was told to, as a cancel in the middle of it would."""

    armed = False

    def clear(self) -> None:
        super().clear()
        if self.armed:
            self.armed = False
            self.set()


class Witness(CompletionTokens):
    """Keeps the tokens of the last answer."""

    last: list[int]

    def remember(self, conversation: str, content: str, tokens: list[int]) -> None:
        super().remember(conversation, content, tokens)
        self.last = tokens


class Bench:
    """One model, one engine. `close` when done."""

    def __init__(self, path: Path, settings: LoadRequest, copy_bytes: int = 1 << 24) -> None:
        self.log = Log()
        model = Model.load(path, settings, lambda _: True)
        assert model is not None
        self.model = model
        self.abort = RestlessAbort()
        context = Context.create(model, settings, self.abort)
        assert context is not None
        check(context)
        self.queue = JobQueue(64)
        self.transcripts = Witness()
        self.engine = Engine(
            model, context, self.abort, self.queue, self.transcripts, thinks=False, copy_bytes=copy_bytes
        )
        self.calls: list[FakeCall] = []

    def close(self) -> None:
        self.engine.context.close()
        self.model.close()

    def ask(
        self,
        tokens: list[int],
        max_tokens: int,
        *,
        sampling: SamplingSettings = GREEDY,
        priority: Priority = Priority.CHAT,
        conversation: str = "",
        grammar: str | None = None,
    ) -> FakeCall:
        call = FakeCall()
        request = Generate([("user", "")], sampling, conversation, priority=priority)
        prompt = Prompt("", tokens, opens_reasoning=False)
        job = Job(call, request, prompt, inherit(sampling, SAMPLING), max_tokens, (), grammar)  # type: ignore[arg-type]
        call.on_cancel = lambda: self._drop(job)
        self.queue.put(job)
        self.calls.append(call)
        return call

    def _drop(self, job: Job) -> None:
        if self.queue.remove(job):
            job.call.fail("CANCELED", "The call was canceled.")

    @property
    def is_busy(self) -> bool:
        return self.engine.is_busy or len(self.queue) > 0

    def run(self, steps: int = 100_000) -> None:
        """Until nothing is left to do, or so many steps."""
        for _ in range(steps):
            if not self.is_busy:
                return
            self.engine.step()
