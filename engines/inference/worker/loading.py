"""Loading: the file's header first, then weights, context, and one token that is really decoded."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from engines.inference.gguf.inspection import inspect_model
from engines.inference.worker.llama.context import Context
from engines.inference.worker.llama.model import Abort, Log, Model
from engines.inference.worker.text.chat_template import ChatTemplate, CompletionTemplate, TemplateFailed
from records.codes import ErrorCode
from records.errors import ModelLoadFailed
from records.model import LoadRequest, LoadSettings, LoadStage
from workers.child import CallFailure

Report = Callable[[LoadStage, float], bool]
"""Told how far loading is; False stops it."""

_REASONS = (
    (
        "unknown model architecture",
        ErrorCode.UNSUPPORTED_ARCHITECTURE,
        "llama.cpp does not know this model's architecture.",
    ),
    ("unknown pre-tokenizer", ErrorCode.UNSUPPORTED_ARCHITECTURE, "llama.cpp does not know this model's tokenizer."),
    ("not within the file bounds", ErrorCode.TRUNCATED, "The file is cut off."),
    ("failed to open", ErrorCode.FILE_MISSING, "The file cannot be opened."),
    ("unable to allocate", ErrorCode.INSUFFICIENT_MEMORY, "There is not enough memory for the model's weights."),
    ("failed to allocate", ErrorCode.INSUFFICIENT_MEMORY, "There is not enough memory for the model's weights."),
)
"""What llama.cpp's log says, and what that means."""


def load_model(path: Path, settings: LoadRequest, log: Log, report: Report) -> Model:
    """Raises `CallFailure` with one of the codes of `failures`."""
    try:
        inspect_model(path)
    except ModelLoadFailed as failure:
        raise CallFailure(failure.code, failure.message) from failure
    report(LoadStage.READING_WEIGHTS, 0.0)
    log.clear()
    model = Model.load(path, settings, lambda fraction: report(LoadStage.READING_WEIGHTS, fraction))
    if model is None:
        raise _refused(log)
    if model.has_encoder:
        model.close()
        code = ErrorCode.UNSUPPORTED_ARCHITECTURE
        raise CallFailure(code, "This model reads with an encoder of its own; only decoders can be run.")
    return model


def _refused(log: Log) -> CallFailure:
    errors = log.errors()
    said = "\n".join(errors)
    for words, code, message in _REASONS:
        if words in said:
            return CallFailure(code, message, said)
    last = errors[0].partition(": ")[2] if errors else "no reason given"
    return CallFailure(ErrorCode.NOT_GGUF, f"llama.cpp cannot read this file: {last}", said)


def create_context(model: Model, settings: LoadRequest, abort: Abort, log: Log) -> Context:
    """Raises `CallFailure` with CONTEXT_ALLOCATION."""
    context = Context.create(model, settings, abort)
    if context is None:
        errors = log.errors()
        raise CallFailure(ErrorCode.CONTEXT_ALLOCATION, _no_context(settings, errors), "\n".join(errors))
    return context


def _no_context(settings: LoadRequest, errors: list[str]) -> str:
    said = errors[-1].partition(": ")[2] if errors else ""
    if not said or "alloc" in said:
        return f"There is not enough memory for a context of {settings.context_length or 0:,} tokens."
    return f"The context cannot be made with these settings: {said}."


def read_template(path: Path, model: Model) -> ChatTemplate | CompletionTemplate:
    """The file's own template; a model without one, or with one that cannot be rendered, only continues text."""
    source = inspect_model(path).chat_template
    if source is None:
        return CompletionTemplate()
    try:
        return ChatTemplate(source, model.text(model.bos()), model.text(model.eos()))
    except TemplateFailed:
        return CompletionTemplate()


def in_force(context: Context, log: Log) -> LoadSettings:
    """Read the settings back from the engine; what it does not tell is what it was made with."""
    asked = context.settings
    device, layers = _device(log)
    return LoadSettings(
        context_length=context.length,
        gpu_layers=layers if asked.gpu_layers is None else asked.gpu_layers,
        threads=context.threads,
        batch_size=context.n_batch,
        parallel_sequences=context.parallel,
        flash_attention=_flash_attention(asked, log),
        key_cache_type=asked.key_cache_type or "f16",
        value_cache_type=asked.value_cache_type or "f16",
        use_mmap=asked.use_mmap is not False and bool(C.llama_supports_mmap()),
        use_mlock=bool(asked.use_mlock) and bool(C.llama_supports_mlock()) and log.find("failed to mlock") is None,
        offloaded_layers=layers,
        device=device,
    )


def _device(log: Log) -> tuple[str, int]:
    """The GPU and its layers, out of lines such as `using device CUDA0 (NAME) - …` and `offloaded 3/31 layers to GPU`."""
    used, offloaded = log.find("using device "), log.find("offloaded ")
    layers = int(offloaded.partition("offloaded ")[2].split("/")[0]) if offloaded else 0
    name = used.partition("using device ")[2].split(" - ")[0] if used and layers else "CPU"
    return name, layers


def _flash_attention(asked: LoadRequest, log: Log) -> bool:
    if asked.flash_attention is not None:
        return asked.flash_attention
    return (log.find("Flash Attention ") or "").endswith("enabled")


def is_rebuild(old: LoadRequest, new: LoadRequest) -> bool:
    """Whether the context must be made anew; threads change while running."""
    return replace(old, threads=None) != replace(new, threads=None)
