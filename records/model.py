"""Models: the facts in their files, their state and their settings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from records.codes import ErrorCode
from records.ids import ModelId
from records.session import SamplingSettings


class ModelSource(StrEnum):
    BUNDLED = "BUNDLED"
    LOCAL_FILE = "LOCAL_FILE"
    HUB_CACHE = "HUB_CACHE"
    REMOTE = "REMOTE"


class ModelStatus(StrEnum):
    UNLOADED = "UNLOADED"
    LOADING = "LOADING"
    READY = "READY"
    UNLOADING = "UNLOADING"
    FAILED = "FAILED"


class LoadStage(StrEnum):
    INSPECTING = "INSPECTING"
    SPAWNING = "SPAWNING"
    READING_WEIGHTS = "READING_WEIGHTS"
    CREATING_CONTEXT = "CREATING_CONTEXT"
    WARMING_UP = "WARMING_UP"


class FitVerdict(StrEnum):
    FITS = "FITS"
    TIGHT = "TIGHT"
    DOES_NOT_FIT = "DOES_NOT_FIT"


class ParameterKind(StrEnum):
    INTEGER = "INTEGER"
    FLOAT = "FLOAT"
    BOOLEAN = "BOOLEAN"
    STRING = "STRING"
    STRING_LIST = "STRING_LIST"
    ENUM = "ENUM"


class ParameterScope(StrEnum):
    LOAD = "LOAD"
    SAMPLING = "SAMPLING"


class SettingApplies(StrEnum):
    AT_ONCE = "AT_ONCE"
    REBUILDS_CONTEXT = "REBUILDS_CONTEXT"
    RELOADS_MODEL = "RELOADS_MODEL"


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Requested load settings. None requests the default."""

    context_length: int | None = None
    gpu_layers: int | None = None
    threads: int | None = None
    batch_size: int | None = None
    parallel_sequences: int | None = None
    flash_attention: bool | None = None
    key_cache_type: str | None = None
    value_cache_type: str | None = None
    use_mmap: bool | None = None
    use_mlock: bool | None = None


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """The load settings in force, read back from the engine."""

    context_length: int
    gpu_layers: int
    threads: int
    batch_size: int
    parallel_sequences: int
    flash_attention: bool
    key_cache_type: str
    value_cache_type: str
    use_mmap: bool
    use_mlock: bool
    offloaded_layers: int
    device: str


@dataclass(frozen=True, slots=True)
class ModelError:
    code: ErrorCode
    message: str
    hint: str | None


@dataclass(frozen=True, slots=True)
class MemoryFit:
    verdict: FitVerdict
    weights_bytes: int
    kv_cache_bytes: int
    compute_bytes: int
    total_bytes: int
    available_ram_bytes: int
    available_vram_bytes: int | None
    suggestion: str | None
    vram_bytes: int = 0
    "Part of `total_bytes` that is allocated on GPUs."


@dataclass(frozen=True, slots=True)
class ModelParameter:
    name: str
    label: str
    description: str
    kind: ParameterKind
    minimum: float | None
    maximum: float | None
    step: float | None
    default: Any
    value: Any
    options: tuple[str, ...] | None
    scope: ParameterScope
    applies: SettingApplies


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Facts from the header of a GGUF file. A fact is None if the header does not contain it."""

    architecture: str | None
    parameter_count: int | None
    quantization: str | None
    byte_size: int
    trained_context_length: int | None
    has_chat_template: bool | None


@dataclass(frozen=True, slots=True)
class ModelRecord:
    id: ModelId
    name: str
    source: ModelSource
    path: Path
    facts: ModelFacts | None
    "None if the header could not be read; `error` is the reason."
    status: ModelStatus
    stage: LoadStage | None
    progress: float
    error: ModelError | None
    loaded_at: datetime | None
    load_settings: LoadSettings | None
    pending_load_settings: LoadSettings | None
    sampling: SamplingSettings
    is_default: bool


@dataclass(frozen=True, slots=True)
class SettingsOutcome:
    """The result of a change of settings: the values in force afterwards, read back from the engine."""

    model: ModelRecord
    load: LoadSettings | None
    sampling: SamplingSettings
    applied: tuple[str, ...]
    waiting_for_reload: tuple[str, ...]
    applied_at: datetime
