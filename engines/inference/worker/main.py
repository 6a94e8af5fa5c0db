"""The inference program: one process, one model.

This thread takes calls: it counts, renders and tokenizes, and queues answers; the engine's thread loads the model and makes
them; the link's I/O thread cancels. A surprise in one call fails that call alone.

All that computes happens in the engine's thread. GNU's OpenMP keeps a pool of threads for every thread that ever computed,
and where the pools together have more threads than there are cores, it lets waiting threads sleep at once: with a model
warmed up in another thread, each of the hundreds of barriers of a token cost a sleep and a wake (docs/decisions/0011).
"""

import threading
import traceback
from pathlib import Path
from typing import NoReturn

from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from engines.inference.defaults import SAMPLING, inherit
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
from engines.inference.worker.call_boundary import guard
from engines.inference.worker.llama.grammar import compile_schema
from engines.inference.worker.llama.model import Log
from engines.inference.worker.loading import Report
from engines.inference.worker.model_host import ModelHost
from engines.inference.worker.scheduling.engine import Engine
from engines.inference.worker.scheduling.job import Job, JobQueue, QueueFull
from engines.inference.worker.text.chat_template import Message, TemplateFailed
from engines.inference.worker.text.prompt import Prompt
from records.codes import ErrorCode
from records.model import LoadStage
from workers.child import Call, CallFailure, Link, exit_process

__all__ = ["Request", "Start", "run"]

MOST_WAITING = 64
_PROGRESS_STEP = 0.02


def run(link: Link, start: Start) -> NoReturn:
    C.llama_backend_init()
    Program(Log()).serve(link)


class Program:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._queue = JobQueue(MOST_WAITING)
        self._loaded: ModelHost | None = None

    def serve(self, link: Link) -> NoReturn:
        while True:
            call = link.receive()
            assert call is not None
            guard(call, lambda call=call: self._handle(call, link))  # type: ignore[misc]

    def _handle(self, call: Call, link: Link) -> None:
        match call.request:
            case Load() as request:
                self._load(call, request, link)
            case CountTokens(texts=texts):
                call.reply(TokenCounts([self._model.prompts.count(text) for text in texts]))
            case CountPrompt(messages=messages):
                call.reply(TokenCounts([len(self._prompt(messages).tokens)]))
            case Generate() as request:
                self._enqueue(call, request)
            case ApplySettings() as request:
                loaded = self._model
                self._queue.put_command(lambda: guard(call, lambda: call.reply(loaded.apply(request))))
            case Statistics():
                call.reply(self._model.engine.statistics())

    @property
    def _model(self) -> ModelHost:
        if self._loaded is None:
            raise CallFailure(ErrorCode.MODEL_NOT_READY, "No model is loaded.")
        return self._loaded

    def _load(self, call: Call, request: Load, link: Link) -> None:
        if self._loaded is not None:
            raise CallFailure(ErrorCode.CONFLICT, "This process holds a model already.")
        last = (LoadStage.SPAWNING, 0.0)

        def report(stage: LoadStage, fraction: float) -> bool:
            nonlocal last
            if stage is not last[0] or fraction - last[1] >= _PROGRESS_STEP or fraction >= 1.0:
                last = (stage, fraction)
                if not call.canceled:
                    call.event(LoadProgress(stage, fraction))
            return not call.canceled

        settled = threading.Event()
        life = threading.Thread(
            target=lambda: self._live(call, request, report, settled, link), name="engine", daemon=True
        )
        life.start()
        settled.wait()

    def _live(self, call: Call, request: Load, report: Report, settled: threading.Event, link: Link) -> None:
        """The engine's thread, from the first byte of the model on."""
        guard(call, lambda: self._bring_in(call, request, report))
        settled.set()
        if self._loaded is not None:
            _work(self._loaded.engine, link)

    def _bring_in(self, call: Call, request: Load, report: Report) -> None:
        loaded = ModelHost.load(Path(request.path), request, self._queue, self._log, report)
        self._loaded = loaded
        call.reply(loaded.describe())

    def _prompt(self, messages: list[Message], conversation: str = "") -> Prompt:
        try:
            prompt = self._model.prompts.read(messages, conversation)
        except TemplateFailed as failure:
            message = "The model's chat template cannot render this conversation."
            raise CallFailure(ErrorCode.UNSUPPORTED, message, str(failure)) from failure
        if not prompt.tokens:
            raise CallFailure(
                ErrorCode.UNSUPPORTED, "The model's chat template makes an empty prompt of this conversation."
            )
        return prompt

    def _enqueue(self, call: Call, request: Generate) -> None:
        loaded = self._model
        prompt = self._prompt(request.messages, request.conversation)
        sampling = inherit(request.sampling, inherit(loaded.sampling, SAMPLING))
        limit = answer_limit(len(prompt.tokens), loaded.engine.context.length, request.max_tokens, sampling.max_tokens)
        stops = (*request.stop, *(sampling.stop or ()), *loaded.template.stops)
        grammar = None if request.json_schema is None else compile_schema(request.json_schema)
        job = Job(call, request, prompt, sampling, limit, stops, grammar)
        job.tell_progress(loaded.engine.ahead(), 0)
        call.on_cancel = lambda: self._drop(job)
        try:
            self._queue.put(job)
        except QueueFull:
            raise CallFailure(ErrorCode.BUSY, f"{MOST_WAITING} answers are waiting for this model.") from None

    def _drop(self, job: Job) -> None:
        """In the I/O thread: an answer that is canceled while it waits leaves at once."""
        if self._queue.remove(job):
            job.call.fail("CANCELED", "The call was canceled.")


def _work(engine: Engine, link: Link) -> None:
    """A surprise that belongs to no answer ends the process: without this thread it is deaf, and a fresh one is not."""
    try:
        engine.serve(link.batched_sends)
    finally:
        traceback.print_exc()
        exit_process(1)


def answer_limit(prompt: int, context: int, asked: int | None, usual: int | None) -> int:
    """Tokens that the answer may have. Raises `CallFailure` where prompt and answer exceed the context."""
    room = context - prompt
    if room < (asked or 1):
        raise CallFailure(
            ErrorCode.CONTEXT_OVERFLOW,
            f"The prompt has {prompt:,} tokens and the answer may have {asked or 1:,}; "
            f"together they exceed the context window of {context:,}.",
        )
    return asked if asked is not None else min(usual or room, room)
