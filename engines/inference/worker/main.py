"""The inference worker: one process that runs one model.

The process has three threads. The main thread receives calls, counts tokens, builds prompts and queues answers; the
engine's thread loads the model and generates; the link's I/O thread handles cancellations. An unexpected exception in a
call fails only that call.

All computation of llama.cpp runs in the engine's thread. GNU's OpenMP keeps a thread pool for each thread that ever
computed. If the pools together have more threads than there are cores, their threads sleep at every barrier: a model that
was warmed up in another thread slept and woke hundreds of times for each token (docs/decisions/0011).
"""

import threading
import traceback
from typing import NoReturn

from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from engines.inference.defaults import SAMPLING
from engines.inference.protocol import (
    ApplySettings,
    CountPrompt,
    CountTokens,
    Generate,
    Load,
    LoadProgress,
    Request,
    Start,
    Statistics,
    TokenCounts,
)
from engines.inference.worker.call_boundary import run_call
from engines.inference.worker.llama.grammar import compile_schema
from engines.inference.worker.llama.model import LlamaLog
from engines.inference.worker.loading import Report
from engines.inference.worker.model_host import ModelHost
from engines.inference.worker.prompting.chat_template import Message
from engines.inference.worker.prompting.prompt_builder import Prompt
from engines.inference.worker.prompting.template_sandbox import TemplateFailed
from engines.inference.worker.scheduling.engine import Engine
from engines.inference.worker.scheduling.job import Job
from engines.inference.worker.scheduling.job_queue import JobQueue, QueueFull
from engines.inference.worker.streaming.text_stream import TextStream
from records.codes import ErrorCode
from records.model import LoadStage
from records.values.overlay import overlay
from workers.child import Call, CallFailure, Link, exit_process

__all__ = ["Request", "Start", "run"]

_MIN_PROGRESS = 0.02
"""A progress event is sent after each further 2% of a stage of loading."""

_MAX_REASON = 200
"""Maximum length, in characters, of the part of a chat template's own error message that clients receive."""


def run(link: Link, start: Start) -> NoReturn:
    """Run the worker. Called by the harness of worker processes."""
    C.llama_backend_init()
    Program(LlamaLog(), start.max_queued).serve(link)


class Program:
    """Receives calls and distributes them to the threads."""

    def __init__(self, log: LlamaLog, max_queued: int) -> None:
        self._log = log
        self._max_queued = max_queued
        self._queue = JobQueue(max_queued)
        self._host: ModelHost | None = None

    def serve(self, link: Link) -> NoReturn:
        while True:
            call = link.receive()
            assert call is not None
            run_call(call, lambda call=call: self._handle(call, link))  # type: ignore[misc]

    def _handle(self, call: Call, link: Link) -> None:
        match call.request:
            case Load() as request:
                self._load(call, request, link)
            case CountTokens(texts=texts):
                call.reply(TokenCounts([self._loaded.prompts.count(text) for text in texts]))
            case CountPrompt(messages=messages, conversation=conversation, thinking=thinking):
                prompt = self._build_prompt(messages, conversation, thinking=thinking)
                call.reply(TokenCounts([len(prompt.tokens)]))
            case Generate() as request:
                self._enqueue(call, request)
            case ApplySettings() as request:
                host = self._loaded
                self._queue.put_command(lambda: run_call(call, lambda: call.reply(host.apply(request))))
            case Statistics():
                call.reply(self._loaded.engine.statistics())

    @property
    def _loaded(self) -> ModelHost:
        if self._host is None:
            raise CallFailure(ErrorCode.MODEL_NOT_READY, "No model is loaded.")
        return self._host

    def _load(self, call: Call, request: Load, link: Link) -> None:
        """Start the engine's thread, and wait until it has loaded the model or failed to."""
        if self._host is not None:
            raise CallFailure(ErrorCode.CONFLICT, "This process has a model already.")
        last = (LoadStage.SPAWNING, 0.0)

        def report(stage: LoadStage, fraction: float) -> bool:
            nonlocal last
            if stage is not last[0] or fraction - last[1] >= _MIN_PROGRESS or fraction >= 1.0:
                last = (stage, fraction)
                if not call.canceled:
                    call.event(LoadProgress(stage, fraction))
            return not call.canceled

        ended = threading.Event()
        thread = threading.Thread(
            target=lambda: self._run_engine(call, request, report, ended, link), name="engine", daemon=True
        )
        thread.start()
        ended.wait()

    def _run_engine(self, call: Call, request: Load, report: Report, ended: threading.Event, link: Link) -> None:
        """Load the model and generate answers. This is the engine's thread."""

        def load() -> None:
            host = ModelHost.load(request, self._queue, self._log, report)
            self._host = host
            call.reply(host.describe())

        run_call(call, load)
        ended.set()
        if self._host is not None:
            _serve(self._host.engine, link)

    def _build_prompt(self, messages: list[Message], conversation: str, *, thinking: bool) -> Prompt:
        try:
            prompt = self._loaded.prompts.build(messages, conversation, thinking=thinking)
        except TemplateFailed as failure:
            message = f"The model's chat template rejects this conversation: {str(failure)[:_MAX_REASON]}"
            raise CallFailure(ErrorCode.UNSUPPORTED, message, str(failure)) from failure
        if not prompt.tokens:
            message = "The model's chat template renders this conversation as an empty prompt."
            raise CallFailure(ErrorCode.UNSUPPORTED, message)
        return prompt

    def _enqueue(self, call: Call, request: Generate) -> None:
        host = self._loaded
        prompt = self._build_prompt(request.messages, request.conversation, thinking=request.thinking)
        sampling = overlay(request.sampling, overlay(host.sampling, SAMPLING))
        limit = completion_limit(
            len(prompt.tokens), host.engine.context.length, request.max_tokens, sampling.max_tokens
        )
        text = TextStream(
            (*(sampling.stop or ()), *host.conversations.stop_strings), host.conversations.output, prompt.section
        )
        grammar = None if request.json_schema is None else compile_schema(request.json_schema)
        job = Job(call, request.conversation, request.salt, prompt, sampling, limit, text, grammar)
        job.report_progress(host.engine.queue_position(job), 0)
        call.on_cancel = lambda: self._drop(job)
        try:
            self._queue.put(job)
        except QueueFull:
            message = f"{self._max_queued:,} answers are waiting for this model. Try again later."
            raise CallFailure(ErrorCode.BUSY, message) from None

    def _drop(self, job: Job) -> None:
        """Fail a job that is canceled while it waits. This runs in the I/O thread."""
        if self._queue.remove(job):
            job.call.fail("CANCELED", "The call was canceled.")


def _serve(engine: Engine, link: Link) -> None:
    """Run the engine. An exception outside of an answer ends the process; the parent then starts a new one."""
    try:
        engine.serve(link.batched_sends)
    finally:
        traceback.print_exc()
        exit_process(1)


def completion_limit(prompt: int, context: int, requested: int | None, inherited: int | None) -> int:
    """Return the maximum number of tokens of an answer. Raises `CallFailure` if prompt and answer exceed the context."""
    room = context - prompt
    if room < (requested or 1):
        raise CallFailure(
            ErrorCode.CONTEXT_OVERFLOW,
            f"The prompt has {prompt:,} tokens and the answer may have {requested or 1:,}; "
            f"together they exceed the context window of {context:,}.",
        )
    return requested if requested is not None else min(inherited or room, room)
