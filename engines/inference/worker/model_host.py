"""A model in memory with all that serves it, and how its settings change."""

from dataclasses import replace
from pathlib import Path

from engines.inference.defaults import inherit_load
from engines.inference.hardware import copy_bytes
from engines.inference.protocol import ApplySettings, Load, Loaded, Vocabulary
from engines.inference.worker.llama.model import Abort, Log, Model
from engines.inference.worker.loading import Report, create_context, in_force, is_rebuild, load_model, read_template
from engines.inference.worker.scheduling.engine import Engine
from engines.inference.worker.scheduling.job import JobQueue
from engines.inference.worker.self_test import check
from engines.inference.worker.text.chat_template import ChatTemplate, CompletionTemplate
from engines.inference.worker.text.completion_tokens import CompletionTokens
from engines.inference.worker.text.prompt import PromptReader
from records.codes import ErrorCode
from records.model import LoadRequest, LoadStage
from records.session import SamplingSettings
from workers.child import CallFailure, exit_process


class ModelHost:
    def __init__(
        self,
        model: Model,
        engine: Engine,
        template: ChatTemplate | CompletionTemplate,
        prompts: PromptReader,
        sampling: SamplingSettings,
        log: Log,
        abort: Abort,
    ) -> None:
        self._model = model
        self._log = log
        self._abort = abort
        self.engine = engine
        self.template = template
        self.prompts = prompts
        self.sampling = sampling

    @classmethod
    def load(cls, path: Path, request: Load, queue: JobQueue, log: Log, report: Report) -> "ModelHost":
        """Raises `CallFailure`. What a failure leaves behind goes with the process."""
        abort = Abort()
        model = load_model(path, request.settings, log, report)
        report(LoadStage.CREATING_CONTEXT, 0.0)
        context = create_context(model, request.settings, abort, log)
        report(LoadStage.WARMING_UP, 0.0)
        check(context)
        template = read_template(path, model)
        transcripts = CompletionTokens()
        engine = Engine(model, context, abort, queue, transcripts, template.thinks, copy_bytes())
        return cls(model, engine, template, PromptReader(model, template, transcripts), request.sampling, log, abort)

    def describe(self) -> Loaded:
        return Loaded(
            settings=in_force(self.engine.context, self._log),
            sampling=self.sampling,
            has_template=isinstance(self.template, ChatTemplate),
            thinks=self.template.thinks,
            vocabulary=Vocabulary(
                self._model.vocabulary_size, self._model.text(self._model.bos()), self._model.text(self._model.eos())
            ),
        )

    def apply(self, request: ApplySettings) -> Loaded:
        """In the engine's thread, between answers. Raises `CallFailure`; the settings before stay in force then."""
        self._apply_load(request.settings)
        self.sampling = request.sampling
        return self.describe()

    def _apply_load(self, asked: LoadRequest) -> None:
        old = self.engine.context
        loaded_with = old.settings
        new = inherit_load(asked, loaded_with)
        # What needs the file again waits for the next load.
        new = replace(
            new, gpu_layers=loaded_with.gpu_layers, use_mmap=loaded_with.use_mmap, use_mlock=loaded_with.use_mlock
        )
        if not is_rebuild(loaded_with, new):
            if new.threads is not None:
                old.set_threads(new.threads)
                old.settings = new
            return
        self._require_room(new)
        self.engine.put_away()
        old.close()
        try:
            self._rebuild(new)
        except CallFailure:
            self._put_back(loaded_with)
            raise

    def _require_room(self, new: LoadRequest) -> None:
        """Answers in the making go on in the new context: each must fit into it."""
        longest = self.engine.longest_answer()
        if longest > (new.context_length or longest):
            message = f"An answer in the making needs a context of {longest:,} tokens; wait for it, or cancel it."
            raise CallFailure(ErrorCode.CONFLICT, message)

    def _rebuild(self, settings: LoadRequest) -> None:
        context = create_context(self._model, settings, self._abort, self._log)
        check(context)
        self.engine.replace_context(context)

    def _put_back(self, settings: LoadRequest) -> None:
        try:
            self._rebuild(settings)
        except CallFailure:
            # No context is left to work with; a fresh process loads the model again.
            exit_process(1)
