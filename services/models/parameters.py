"""The settings that a model takes: names, bounds and defaults, from what its file says and what the machine has.

A settings panel is drawn from these alone, and every setting that comes in is held against them.
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
from workers.cores import physical_cores

LEAST_CONTEXT = 256
LARGEST_UNKNOWN_CONTEXT = 131_072
"""The engine answers one at a time."""
MOST_STOPS = 16
LONGEST_STOP = 256

_INTEGER, _FLOAT, _BOOLEAN = ParameterKind.INTEGER, ParameterKind.FLOAT, ParameterKind.BOOLEAN
_NOW, _REBUILD, _RELOAD = SettingApplies.AT_ONCE, SettingApplies.REBUILDS_CONTEXT, SettingApplies.RELOADS_MODEL


@dataclass(frozen=True, slots=True)
class _Setting:
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
    return (header.context_length if header else None) or LARGEST_UNKNOWN_CONTEXT


def default_load(header: ModelHeader | None) -> LoadRequest:
    return LoadRequest(
        context_length=min(trained_context(header), DEFAULT_CONTEXT),
        gpu_layers=-1,
        threads=physical_cores(),
        batch_size=512,
        parallel_sequences=PARALLEL_SEQUENCES,
        flash_attention=True,
        key_cache_type="f16",
        value_cache_type="f16",
        use_mmap=True,
        use_mlock=False,
    )


def resolve_load(request: LoadRequest, header: ModelHeader | None) -> LoadRequest:
    """Every setting with a value."""
    return overlay(request, default_load(header))


def resolve_sampling(sampling: SamplingSettings, context_length: int) -> SamplingSettings:
    """Every setting with a value, but for the seed and stop strings that nobody set."""
    usual = overlay(SamplingSettings(max_tokens=min(SAMPLING.max_tokens or context_length, context_length)), SAMPLING)
    return overlay(sampling, usual)


def list_parameters(
    header: ModelHeader | None, load: LoadRequest, sampling: SamplingSettings
) -> tuple[ModelParameter, ...]:
    """`load` and `sampling` hold the values; both are complete."""
    usual_load, usual_sampling = default_load(header), resolve_sampling(SamplingSettings(), trained_context(header))
    context = load.context_length or trained_context(header)
    listed = [_parameter(s, usual_load, load, ParameterScope.LOAD) for s in _load_settings(header)]
    listed += [_parameter(s, usual_sampling, sampling, ParameterScope.SAMPLING) for s in _sampling_settings(context)]
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
        default=_plain(getattr(defaults, setting.field)),
        value=_plain(getattr(values, setting.field)),
        options=setting.options,
        scope=scope,
        applies=setting.applies,
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def applies(field: str) -> SettingApplies:
    """When a change of this load setting takes hold."""
    return next(setting.applies for setting in _load_settings(None) if setting.field == field)


def check_load(request: LoadRequest, header: ModelHeader | None, field: str) -> None:
    """Raises `InvalidInput` that names the first setting that is out of bounds, below `field`."""
    _check(_load_settings(header), request, field)
    quantized = request.value_cache_type not in (None, "f32", "f16", "bf16")
    if quantized and request.flash_attention is False:
        message = "A quantized value cache needs flash attention."
        raise InvalidInput(message, field=f"{field}.value_cache_type")


def check_sampling(sampling: SamplingSettings, context_length: int, field: str) -> None:
    """Raises `InvalidInput` that names the first setting that is out of bounds, below `field`."""
    if sampling.extra:
        raise InvalidInput("This model takes no extra parameters.", field=f"{field}.extra")
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
        inside = setting.minimum <= value <= setting.maximum
        return None if inside else f"must be from {setting.minimum:,g} to {setting.maximum:,g}"
    if setting.options is not None:
        return None if value in setting.options else f"must be one of {', '.join(setting.options)}"
    if setting.kind is ParameterKind.STRING_LIST:
        fine = len(value) <= MOST_STOPS and all(0 < len(stop) <= LONGEST_STOP for stop in value)
        return None if fine else f"may hold {MOST_STOPS} texts of 1 to {LONGEST_STOP} characters"
    return None


def _load_settings(header: ModelHeader | None) -> tuple[_Setting, ...]:
    trained = trained_context(header)
    layers = (header.block_count if header else 999) + 1
    cores = max(physical_cores() * 2, 64)
    types = tuple(CACHE_TYPES)
    return (
        _Setting("context_length", "Context length", "Tokens that prompt and answer may have together.",
                 _INTEGER, min(LEAST_CONTEXT, trained), trained, 256, applies=_REBUILD),
        _Setting("gpu_layers", "GPU layers", "Layers that go to the GPU where there is one; -1 is all of them.",
                 _INTEGER, -1, layers, 1, applies=_RELOAD),
        _Setting("threads", "Threads", "Cores that compute; unless set, those that are fastest.",
                 _INTEGER, 1, cores, 1, applies=_NOW),
        _Setting("batch_size", "Batch size", "Prompt tokens that are read in one step.",
                 _INTEGER, 32, 4096, 32, applies=_REBUILD),
        _Setting("parallel_sequences", "Parallel sequences", "Answers made at the same time; they share the context.",
                 _INTEGER, 1, MAX_PARALLEL_SEQUENCES, 1, applies=_REBUILD),
        _Setting("flash_attention", "Flash attention", "Computes attention with far less memory.",
                 _BOOLEAN, applies=_REBUILD),
        _Setting("key_cache_type", "Key cache type", "Precision of the cache's keys: smaller types take less memory.",
                 ParameterKind.ENUM, options=types, applies=_REBUILD),
        _Setting("value_cache_type", "Value cache type", "Precision of the cache's values; smaller needs flash attention.",
                 ParameterKind.ENUM, options=types, applies=_REBUILD),
        _Setting("use_mmap", "Memory mapping", "Map the file instead of copying it: loads faster.",
                 _BOOLEAN, applies=_RELOAD),
        _Setting("use_mlock", "Lock in memory", "Keep the weights out of the swap space.",
                 _BOOLEAN, applies=_RELOAD),
    )  # fmt: skip


def _sampling_settings(context_length: int) -> tuple[_Setting, ...]:
    return (
        _Setting("max_tokens", "Longest answer", "Tokens that an answer may have.",
                 _INTEGER, 1, context_length, 1),
        _Setting("temperature", "Temperature", "0 always takes the likeliest token; more is more varied.",
                 _FLOAT, 0.0, 2.0, 0.05),
        _Setting("top_p", "Top P", "Draw from the likeliest tokens that together have this probability.",
                 _FLOAT, 0.0, 1.0, 0.01),
        _Setting("top_k", "Top K", "Draw from this many of the likeliest tokens; 0 from all.",
                 _INTEGER, 0, 1000, 1),
        _Setting("min_p", "Min P", "Leave out tokens less likely than this share of the likeliest one.",
                 _FLOAT, 0.0, 1.0, 0.01),
        _Setting("repeat_penalty", "Repeat penalty", "Above 1, what was written already becomes less likely.",
                 _FLOAT, 0.5, 2.0, 0.01),
        _Setting("presence_penalty", "Presence penalty", "Lowers every token that was written at all.",
                 _FLOAT, -2.0, 2.0, 0.1),
        _Setting("frequency_penalty", "Frequency penalty", "Lowers tokens the more, the oftener they were written.",
                 _FLOAT, -2.0, 2.0, 0.1),
        _Setting("seed", "Seed", "The same seed draws the same way; none is a new one each time.",
                 _INTEGER, 0, 2**31 - 1, 1),
        _Setting("stop", "Stop strings", "The answer ends in front of any of these.",
                 ParameterKind.STRING_LIST),
        _Setting("deterministic", "Deterministic", "The same seed gives the same text; slower for everyone.",
                 _BOOLEAN),
    )  # fmt: skip
