"""Memory that a model may use: RAM within the limits of the control groups, and the memory of GPUs."""

import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil
import pynvml

from workers.control_groups import own_control_groups

MAX_SWAP_BYTES = 1024**3


class Nvml(Protocol):
    """The part of the module `pynvml` that is used here."""

    @property
    def NVMLError(self) -> type[Exception]: ...  # noqa: N802  # NVML's own names
    def nvmlInit(self) -> None: ...  # noqa: N802
    def nvmlShutdown(self) -> None: ...  # noqa: N802
    def nvmlDeviceGetCount(self) -> int: ...  # noqa: N802
    def nvmlDeviceGetHandleByIndex(self, index: int, /) -> Any: ...  # noqa: N802
    def nvmlDeviceGetUUID(self, handle: Any, /) -> str: ...  # noqa: N802
    def nvmlDeviceGetMemoryInfo(self, handle: Any, /) -> Any: ...  # noqa: N802


@dataclass(frozen=True, slots=True)
class AvailableMemory:
    """Free memory in bytes. `vram` is None if models run on the CPU."""

    ram: int
    vram: int | None = None


def free_ram() -> int:
    """Return the bytes of RAM that are free or reclaimable, within the limits of the process's control groups."""
    free, limit = int(psutil.virtual_memory().available), own_control_groups().free_memory()
    return free if limit is None else min(free, limit)


def swap_space_bytes() -> int:
    """Return the size limit of the swap space for idle sequences: an eighth of the free RAM, at most MAX_SWAP_BYTES."""
    return min(MAX_SWAP_BYTES, free_ram() // 8)


def runs_on_cuda() -> bool:
    """Return whether the installed llama.cpp was built for NVIDIA GPUs. The package is found without importing it."""
    found = importlib.util.find_spec("llama_cpp")
    folders = (found.submodule_search_locations if found else None) or ()
    return any(list(Path(folder, "lib").glob("*ggml-cuda*")) for folder in folders)


def available_memory(
    nvml: Nvml = pynvml, environment: Mapping[str, str] = os.environ, has_cuda: Callable[[], bool] = runs_on_cuda
) -> AvailableMemory:
    """Return the memory that a model can still use. Blocks for milliseconds: the NVIDIA driver is opened and closed.

    `has_cuda` returns whether llama.cpp can use the GPUs of the driver `nvml`.
    """
    return AvailableMemory(free_ram(), free_vram(nvml, environment) if has_cuda() else None)


def free_vram(nvml: Nvml, environment: Mapping[str, str]) -> int | None:
    """Return the free memory in bytes of all GPUs that CUDA_VISIBLE_DEVICES allows; None without such a GPU.

    llama.cpp distributes the layers of a model over all visible GPUs.
    """
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return None
    try:
        handles = _visible(nvml, environment.get("CUDA_VISIBLE_DEVICES"))
        return sum(int(nvml.nvmlDeviceGetMemoryInfo(handle).free) for handle in handles) if handles else None
    except nvml.NVMLError:
        return None
    finally:
        nvml.nvmlShutdown()


def _visible(nvml: Nvml, allowed: str | None) -> list[Any]:
    """Return the handles of the GPUs that are allowed by number or by the beginning of their UUID; None allows all."""
    handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
    if allowed is None:
        return handles
    names = [name.strip() for name in allowed.split(",") if name.strip()]
    return [
        handle
        for index, handle in enumerate(handles)
        if any(name == str(index) or nvml.nvmlDeviceGetUUID(handle).startswith(name) for name in names)
    ]
