"""Loads a model in the worker: checks the header, reads the weights and creates the context."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from engines.inference.gguf.inspection import inspect_model
from engines.inference.worker.llama.llama_context import Context
from engines.inference.worker.llama.model import AbortFlag, LlamaLog, Model
from records.codes import ErrorCode
from records.errors import ModelLoadFailed
from records.model import LoadRequest, LoadSettings, LoadStage
from workers.child import CallFailure

Report = Callable[[LoadStage, float], bool]
"""A callback that receives the progress of each stage, from 0 to 1. It returns False to cancel loading."""

_UNSUPPORTED = ErrorCode.UNSUPPORTED_ARCHITECTURE
_NO_MEMORY = "There is not enough memory for the model's weights."
_REASONS = (
    ("unknown model architecture", _UNSUPPORTED, "llama.cpp does not support this model's architecture."),
    ("unknown pre-tokenizer", _UNSUPPORTED, "llama.cpp does not support this model's tokenizer."),
    ("not within the file bounds", ErrorCode.TRUNCATED, "The file is cut off."),
    ("failed to open", ErrorCode.FILE_MISSING, "The file cannot be opened."),
    ("unable to allocate", ErrorCode.INSUFFICIENT_MEMORY, _NO_MEMORY),
    ("failed to allocate", ErrorCode.INSUFFICIENT_MEMORY, _NO_MEMORY),
)
"""Texts in llama.cpp's log, each with the code and the message of the failure that it indicates."""


def load_model(path: Path, settings: LoadRequest, log: LlamaLog, report: Report) -> Model:
    """Read the weights. Raises `CallFailure` if llama.cpp rejects the file, or if the model has an encoder."""
    report(LoadStage.READING_WEIGHTS, 0.0)
    log.clear()
    model = Model.load(path, settings, lambda fraction: report(LoadStage.READING_WEIGHTS, fraction))
    if model is None:
        raise _rejection(log)
    if model.has_encoder:
        model.close()
        message = "This model has an encoder; only decoder models can be run. Choose another model."
        raise CallFailure(ErrorCode.UNSUPPORTED_ARCHITECTURE, message)
    return model


def read_chat_template(path: Path) -> str | None:
    """Check the file's header and return its chat template. Raises `CallFailure` if the header cannot be read."""
    try:
        return inspect_model(path).chat_template
    except ModelLoadFailed as failure:
        raise CallFailure(failure.code, failure.message) from failure


def _rejection(log: LlamaLog) -> CallFailure:
    """Return the failure for a file that llama.cpp rejected."""
    errors = log.errors()
    detail = "\n".join(errors)
    for words, code, message in _REASONS:
        if words in detail:
            return CallFailure(code, message, detail)
    reason = errors[0].partition(": ")[2] if errors else "no reason given"
    return CallFailure(ErrorCode.NOT_GGUF, f"llama.cpp cannot read this file: {reason}", detail)


def create_context(model: Model, settings: LoadRequest, abort: AbortFlag, log: LlamaLog) -> Context:
    """Create a context. Raises `CallFailure` with CONTEXT_ALLOCATION if llama.cpp cannot create it."""
    context = Context.create(model, settings, abort)
    if context is None:
        errors = log.errors()
        raise CallFailure(ErrorCode.CONTEXT_ALLOCATION, _no_context(settings, errors), "\n".join(errors))
    return context


def _no_context(settings: LoadRequest, errors: list[str]) -> str:
    reason = errors[-1].partition(": ")[2] if errors else ""
    if not reason or "alloc" in reason:
        return f"There is not enough memory for a context of {settings.context_length or 0:,} tokens."
    return f"The context cannot be created with these settings: {reason}."


def settings_in_force(context: Context, log: LlamaLog) -> LoadSettings:
    """Return the settings in effect: read from the engine and its log, or else as requested."""
    requested = context.settings
    device, layers = _device(log)
    return LoadSettings(
        context_length=context.length,
        gpu_layers=layers if requested.gpu_layers is None else requested.gpu_layers,
        threads=context.threads,
        batch_size=context.n_batch,
        parallel_sequences=context.parallel,
        flash_attention=_flash_attention(requested, log),
        key_cache_type=requested.key_cache_type or "f16",
        value_cache_type=requested.value_cache_type or "f16",
        use_mmap=requested.use_mmap is not False and bool(C.llama_supports_mmap()),
        use_mlock=bool(requested.use_mlock) and bool(C.llama_supports_mlock()) and log.find("failed to mlock") is None,
        offloaded_layers=layers,
        device=device,
    )


def _device(log: LlamaLog) -> tuple[str, int]:
    """Parse llama.cpp's log for the name of the device and the number of layers that run on it.

    The lines are `using device CUDA0 (NAME) - …` and `offloaded 3/31 layers to GPU`, from which 3 is returned. Without
    offloaded layers, return `CPU` and 0.
    """
    used, offloaded = log.find("using device "), log.find("offloaded ")
    layers = int(offloaded.partition("offloaded ")[2].split("/")[0]) if offloaded else 0
    name = used.partition("using device ")[2].split(" - ")[0] if used and layers else "CPU"
    return name, layers


def _flash_attention(requested: LoadRequest, log: LlamaLog) -> bool:
    if requested.flash_attention is not None:
        return requested.flash_attention
    return (log.find("Flash Attention ") or "").endswith("enabled")


def needs_new_context(old: LoadRequest, new: LoadRequest) -> bool:
    """Return whether a change of settings requires a new llama.cpp context, as every change but that of the threads."""
    return replace(old, threads=None) != replace(new, threads=None)
