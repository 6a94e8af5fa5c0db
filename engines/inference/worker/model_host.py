"""Owns a loaded model: its engine, its conversation format, and the changes of its settings."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from engines.inference.hardware import swap_space_bytes
from engines.inference.protocol import ApplySettings, Load, Loaded
from engines.inference.worker.llama.model import AbortFlag, LlamaLog, Model
from engines.inference.worker.loading import (
    Report,
    create_context,
    load_model,
    needs_new_context,
    read_chat_template,
    settings_in_force,
)
from engines.inference.worker.prompting.conversation_format import ConversationFormat, inspect_format
from engines.inference.worker.prompting.prompt_builder import PromptBuilder
from engines.inference.worker.scheduling.engine import Engine
from engines.inference.worker.scheduling.job_queue import JobQueue
from engines.inference.worker.self_test import check_context
from engines.inference.worker.streaming.completion_tokens import CompletionTokens
from records.codes import ErrorCode
from records.model import LoadRequest, LoadStage
from records.session import SamplingSettings
from records.values.overlay import overlay
from workers.child import CallFailure, exit_process


@dataclass(slots=True)
class ModelHost:
    """A model in memory. `load` and `apply` run in the engine's thread."""

    model: Model
    engine: Engine
    conversations: ConversationFormat
    prompts: PromptBuilder
    sampling: SamplingSettings
    log: LlamaLog
    abort: AbortFlag

    @classmethod
    def load(cls, request: Load, queue: JobQueue, log: LlamaLog, report: Report) -> "ModelHost":
        """Load a model.

        Raises `CallFailure` if that fails. Memory that was allocated before the failure is freed when the process ends.
        """
        path = Path(os.fsdecode(request.path))
        source = read_chat_template(path)
        abort = AbortFlag()
        model = load_model(path, request.settings, log, report)
        report(LoadStage.CREATING_CONTEXT, 0.0)
        context = create_context(model, request.settings, abort, log)
        report(LoadStage.WARMING_UP, 0.0)
        check_context(context)
        conversations = inspect_format(source, model)
        completion_tokens = CompletionTokens()
        engine = Engine(model, context, abort, queue, completion_tokens, swap_space_bytes())
        prompts = PromptBuilder(model, conversations, completion_tokens)
        return cls(model, engine, conversations, prompts, request.sampling, log, abort)

    def describe(self) -> Loaded:
        return Loaded(
            settings=settings_in_force(self.engine.context, self.log),
            sampling=self.sampling,
            reasoning=self.conversations.support,
            template_error=self.conversations.template_error,
        )

    def apply(self, request: ApplySettings) -> Loaded:
        """Change settings between two steps of the engine.

        Raises `CallFailure` if the new context cannot be created or is too small for a running answer. The previous settings
        then remain in effect.
        """
        self._apply_load(request.settings)
        self.sampling = request.sampling
        return self.describe()

    def _apply_load(self, requested: LoadRequest) -> None:
        context = self.engine.context
        old = context.settings
        new = overlay(requested, old)
        # These settings take effect only when the file is loaded, so they are ignored here.
        new = replace(new, gpu_layers=old.gpu_layers, use_mmap=old.use_mmap, use_mlock=old.use_mlock)
        if not needs_new_context(old, new):
            if new.threads is not None:
                context.set_threads(new.threads)
                context.settings = new
            return
        self._require_room(new)
        self.engine.suspend()
        context.close()
        try:
            self._create_context(new)
        except CallFailure:
            self._restore_context(old)
            raise

    def _require_room(self, new: LoadRequest) -> None:
        """Raise `CallFailure` if a running answer does not fit into the new context, in which it would be resumed."""
        required = self.engine.required_context()
        if required > (new.context_length or required):
            message = f"A running answer needs a context of {required:,} tokens. Wait until it ends, or cancel it."
            raise CallFailure(ErrorCode.CONFLICT, message)

    def _create_context(self, settings: LoadRequest) -> None:
        context = create_context(self.model, settings, self.abort, self.log)
        check_context(context)
        self.engine.replace_context(context)

    def _restore_context(self, settings: LoadRequest) -> None:
        try:
            self._create_context(settings)
        except CallFailure:
            # Without a context the process cannot work. The parent starts a new one, which loads the model again.
            exit_process(1)
