"""The settings that a model accepts: names, ranges and defaults, derived from its file and from the machine.

Clients build settings forms from them, and all settings that clients send are validated against them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engines.inference.defaults import (
    DEFAULT_CONTEXT,
    MAX_PARALLEL_SEQUENCES,
    PARALLEL_SEQUENCES,
    SAMPLING,
)
from engines.inference.gguf.inspection import ModelHeader
from engines.inference.gguf.tensor_types import CACHE_TYPES
from records.errors import InvalidInput
from records.model import LoadRequest, ModelParameter, ParameterKind, ParameterScope, SettingApplies
from records.session import SamplingSettings
from records.values.overlay import overlay

MIN_CONTEXT = 256
MAX_UNKNOWN_CONTEXT = 131_072
"""Largest context length, in tokens, for a model whose file does not state the context length it was trained with."""
MAX_UNKNOWN_LAYERS = 1000
MAX_THREADS = 512
"""GGML_MAX_N_THREADS of llama.cpp."""
MAX_STOPS = 16
MAX_STOP_LENGTH = 256

_INTEGER, _FLOAT, _BOOLEAN = ParameterKind.INTEGER, ParameterKind.FLOAT, ParameterKind.BOOLEAN
_REBUILD, _RELOAD = SettingApplies.REBUILDS_CONTEXT, SettingApplies.RELOADS_MODEL


@dataclass(frozen=True, slots=True)
class _Setting:
    """A setting with its range. `applies` states when a change takes effect."""

    field: str
    label: str
    description: str
    kind: ParameterKind
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    options: tuple[str, ...] | None = None
    applies: SettingApplies = SettingApplies.AT_ONCE


def trained_context(header: ModelHeader | None) -> int:
    """Return the context length in tokens that the model was trained with, or a general limit if it is unknown."""
    return (header.context_length if header else None) or MAX_UNKNOWN_CONTEXT


def default_load(header: ModelHeader | None, cores: int) -> LoadRequest:
    """Return the default load settings. `cores` is the number of physical cores that models may use."""
    return LoadRequest(
        context_length=min(trained_context(header), DEFAULT_CONTEXT),
        gpu_layers=-1,
        threads=cores,
        batch_size=512,
        parallel_sequences=PARALLEL_SEQUENCES,
        flash_attention=True,
        key_cache_type="f16",
        value_cache_type="f16",
        use_mmap=True,
        use_mlock=False,
    )


def resolve_load(request: LoadRequest, header: ModelHeader | None, cores: int) -> LoadRequest:
    """Return the request with defaults for all settings that it does not contain."""
    return overlay(request, default_load(header, cores))


def resolve_sampling(sampling: SamplingSettings, context_length: int) -> SamplingSettings:
    """Return the settings with defaults for those that are not set. The seed and the stop strings have no default."""
    max_tokens = min(SAMPLING.max_tokens or context_length, context_length)
    return overlay(sampling, overlay(SamplingSettings(max_tokens=max_tokens), SAMPLING))


def list_parameters(
    header: ModelHeader | None, load: LoadRequest, sampling: SamplingSettings, cores: int
) -> tuple[ModelParameter, ...]:
    """Return all parameters of a model. `load` and `sampling` are the current values and must be complete."""
    default_sampling = resolve_sampling(SamplingSettings(), trained_context(header))
    context = load.context_length or trained_context(header)
    load_settings, sampling_settings = _load_settings(header), _sampling_settings(context)
    listed = [_parameter(s, default_load(header, cores), load, ParameterScope.LOAD) for s in load_settings]
    listed += [_parameter(s, default_sampling, sampling, ParameterScope.SAMPLING) for s in sampling_settings]
    return tuple(listed)


def _parameter(
    setting: _Setting,
    defaults: LoadRequest | SamplingSettings,
    values: LoadRequest | SamplingSettings,
    scope: ParameterScope,
) -> ModelParameter:
    return ModelParameter(
        name=setting.field,
        label=setting.label,
        description=setting.description,
        kind=setting.kind,
        minimum=setting.minimum,
        maximum=setting.maximum,
        step=setting.step,
        default=_as_json(getattr(defaults, setting.field)),
        value=_as_json(getattr(values, setting.field)),
        options=setting.options,
        scope=scope,
        applies=setting.applies,
    )


def _as_json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def applies(field: str) -> SettingApplies:
    """Return the time at which a change of a load setting takes effect."""
    return next(setting.applies for setting in _load_settings(None) if setting.field == field)


def check_load(request: LoadRequest, header: ModelHeader | None, field: str) -> None:
    """Raise `InvalidInput` for the first load setting that is out of range.

    The error names the setting by its path: `field`, a dot and the name of the setting.
    """
    _check(_load_settings(header), request, field)
    is_quantized = request.value_cache_type not in (None, "f32", "f16", "bf16")
    if is_quantized and request.flash_attention is False:
        message = "A quantized value cache requires flash attention."
        raise InvalidInput(message, field=f"{field}.value_cache_type")


def check_sampling(sampling: SamplingSettings, context_length: int, field: str) -> None:
    """Raise `InvalidInput` for the first sampling setting that is out of range. `check_load` describes `field`."""
    if sampling.extra:
        raise InvalidInput("This model accepts no extra parameters.", field=f"{field}.extra")
    _check(_sampling_settings(context_length), sampling, field)


def _check(settings: Sequence[_Setting], values: LoadRequest | SamplingSettings, field: str) -> None:
    for setting in settings:
        value = getattr(values, setting.field)
        problem = None if value is None else _problem(setting, value)
        if problem:
            raise InvalidInput(f"{setting.label} {problem}.", field=f"{field}.{setting.field}")


def _problem(setting: _Setting, value: Any) -> str | None:
    if setting.kind in (_INTEGER, _FLOAT):
        assert setting.minimum is not None
        assert setting.maximum is not None
        is_inside = setting.minimum <= value <= setting.maximum
        return None if is_inside else f"must be from {setting.minimum:,g} to {setting.maximum:,g}"
    if setting.options is not None:
        return None if value in setting.options else f"must be one of {', '.join(setting.options)}"
    if setting.kind is ParameterKind.STRING_LIST:
        is_valid = len(value) <= MAX_STOPS and all(0 < len(stop) <= MAX_STOP_LENGTH for stop in value)
        return None if is_valid else f"may contain {MAX_STOPS} texts of 1 to {MAX_STOP_LENGTH} characters"
    return None


def _load_settings(header: ModelHeader | None) -> tuple[_Setting, ...]:
    trained = trained_context(header)
    layers = header.block_count + 1 if header else MAX_UNKNOWN_LAYERS
    types = tuple(CACHE_TYPES)
    return (
        _Setting("context_length", "Context length", "Tokens of the prompt and the answer together.",
                 _INTEGER, min(MIN_CONTEXT, trained), trained, 256, applies=_REBUILD),
        _Setting("gpu_layers", "GPU layers", "Layers that are offloaded to the GPU; -1 for all of them.",
                 _INTEGER, -1, layers, 1, applies=_RELOAD),
        _Setting("threads", "Threads", "Threads that compute. If not set, the fastest number is found by trying.",
                 _INTEGER, 1, MAX_THREADS, 1),
        _Setting("batch_size", "Batch size", "Prompt tokens that are processed in one step.",
                 _INTEGER, 32, 4096, 32, applies=_REBUILD),
        _Setting("parallel_sequences", "Parallel sequences",
                 "Answers that are generated at the same time; they share the context.",
                 _INTEGER, 1, MAX_PARALLEL_SEQUENCES, 1, applies=_REBUILD),
        _Setting("flash_attention", "Flash attention", "Compute attention with far less memory.",
                 _BOOLEAN, applies=_REBUILD),
        _Setting("key_cache_type", "Key cache type", "Precision of the cache's keys; smaller types take less memory.",
                 ParameterKind.ENUM, options=types, applies=_REBUILD),
        _Setting("value_cache_type", "Value cache type",
                 "Precision of the cache's values; quantized types require flash attention.",
                 ParameterKind.ENUM, options=types, applies=_REBUILD),
        _Setting("use_mmap", "Memory mapping", "Map the file into memory instead of copying it, which loads faster.",
                 _BOOLEAN, applies=_RELOAD),
        _Setting("use_mlock", "Lock in memory", "Keep the weights out of the swap space.",
                 _BOOLEAN, applies=_RELOAD),
    )  # fmt: skip


def _sampling_settings(context_length: int) -> tuple[_Setting, ...]:
    return (
        _Setting("max_tokens", "Maximum answer length", "Tokens of an answer.",
                 _INTEGER, 1, context_length, 1),
        _Setting("temperature", "Temperature", "0 always selects the most likely token; higher values vary more.",
                 _FLOAT, 0.0, 2.0, 0.05),
        _Setting("top_p", "Top P", "Select from the most likely tokens whose probabilities add up to this value.",
                 _FLOAT, 0.0, 1.0, 0.01),
        _Setting("top_k", "Top K", "Select from this number of most likely tokens; 0 for all tokens.",
                 _INTEGER, 0, 1000, 1),
        _Setting("min_p", "Min P", "Exclude tokens that are less likely than this share of the most likely one.",
                 _FLOAT, 0.0, 1.0, 0.01),
        _Setting("repeat_penalty", "Repeat penalty", "Values above 1 make recent tokens less likely.",
                 _FLOAT, 0.5, 2.0, 0.01),
        _Setting("presence_penalty", "Presence penalty", "Positive values make all tokens of the text less likely.",
                 _FLOAT, -2.0, 2.0, 0.1),
        _Setting("frequency_penalty", "Frequency penalty", "Positive values make frequent tokens less likely.",
                 _FLOAT, -2.0, 2.0, 0.1),
        _Setting("seed", "Seed", "Start of the random numbers; a new one for each answer if not set.",
                 _INTEGER, 0, 2**31 - 1, 1),
        _Setting("stop", "Stop strings", "The answer ends before any of these texts.",
                 ParameterKind.STRING_LIST),
        _Setting("deterministic", "Deterministic",
                 "Generate the same text for the same seed; slower for all answers.",
                 _BOOLEAN),
    )  # fmt: skip
