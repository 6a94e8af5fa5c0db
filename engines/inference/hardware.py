"""Memory that a model may use: RAM within the limits of the control groups, and the memory of GPUs."""

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil
import pynvml

MAX_SWAP_BYTES = 1024**3
_V2_ROOT = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60


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


def available_memory() -> AvailableMemory:
    """Return the memory that a model can still use: free or reclaimable, and within the control groups' limits."""
    ram = min(int(psutil.virtual_memory().available), cgroup_headroom(_V2_ROOT, _own_groups()))
    return AvailableMemory(ram, free_vram(pynvml, os.environ) if runs_on_cuda() else None)


def swap_space_bytes() -> int:
    """Return the size limit of the swap space for idle sequences: an eighth of the free RAM, at most MAX_SWAP_BYTES."""
    return min(MAX_SWAP_BYTES, available_memory().ram // 8)


def runs_on_cuda() -> bool:
    """Return whether the installed llama.cpp was built for NVIDIA GPUs. The package is found without importing it."""
    found = importlib.util.find_spec("llama_cpp")
    folders = (found.submodule_search_locations if found else None) or ()
    return any(list(Path(folder, "lib").glob("*ggml-cuda*")) for folder in folders)


def free_vram(nvml: Nvml, environment: Mapping[str, str]) -> int | None:
    """Return the free memory in bytes of all GPUs that CUDA_VISIBLE_DEVICES allows; None if there is none.

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


def _own_groups() -> str:
    try:
        return Path("/proc/self/cgroup").read_text()
    except OSError:
        return ""


def cgroup_headroom(root: Path, membership: str) -> int:
    """Return the bytes that the strictest of this process's control groups leaves.

    `root` is the mount of the control groups, `membership` the content of /proc/self/cgroup. Versions 1 and 2 are read.
    """
    left = _UNLIMITED
    for line in membership.splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            left = min(left, _headroom(root, group, "memory.max", "memory.current", "inactive_file"))
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            left = min(left, _headroom(root / "memory", group, *names))
    return left


def _headroom(mount: Path, group: str, limit_name: str, usage_name: str, cache_name: str) -> int:
    """Check each group from our own up to the mount; in a container the mount is often the container's own group."""
    left = _UNLIMITED
    folder = mount / group.strip("/")
    while True:
        limit, used = _number(folder / limit_name), _number(folder / usage_name)
        if limit is not None and used is not None:
            left = min(left, max(0, limit - used + _file_cache(folder, cache_name)))
        if folder == mount or mount not in folder.parents:
            return left
        folder = folder.parent


def _number(file: Path) -> int | None:
    """Return the limit or usage in a file; None if there is no limit."""
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and int(text) < _UNLIMITED else None


def _file_cache(folder: Path, name: str) -> int:
    """Return the bytes of inactive file cache: they count as used, but the kernel reclaims them on demand."""
    try:
        rows = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(row.split()[1]) for row in rows if row.startswith(f"{name} ")), 0)
