"""NVIDIA GPUs, read through NVML. A value that a card does not report is None; without a driver there are no GPUs."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol, TypeVar

import pynvml

from records.system import GpuStatus

_CORE_SENSOR = 0
"""NVML_TEMPERATURE_GPU, the only sensor that NVML defines."""

Result = TypeVar("Result")


class Nvml(Protocol):
    """The functions of the module `pynvml` that are used here. A handle is NVML's reference to a card."""

    @property
    def NVMLError(self) -> type[Exception]: ...  # noqa: N802  # NVML's own names
    def nvmlInit(self) -> None: ...  # noqa: N802
    def nvmlShutdown(self) -> None: ...  # noqa: N802
    def nvmlSystemGetDriverVersion(self) -> str: ...  # noqa: N802
    def nvmlDeviceGetCount(self) -> int: ...  # noqa: N802
    def nvmlDeviceGetHandleByIndex(self, index: int, /) -> Any: ...  # noqa: N802
    def nvmlDeviceGetName(self, handle: Any, /) -> str: ...  # noqa: N802
    def nvmlDeviceGetMemoryInfo(self, handle: Any, /) -> Any: ...  # noqa: N802
    def nvmlDeviceGetUtilizationRates(self, handle: Any, /) -> Any: ...  # noqa: N802
    def nvmlDeviceGetTemperature(self, handle: Any, sensor: int, /) -> int: ...  # noqa: N802
    def nvmlDeviceGetPowerUsage(self, handle: Any, /) -> int: ...  # noqa: N802
    def nvmlDeviceGetFanSpeed(self, handle: Any, /) -> int: ...  # noqa: N802
    def nvmlDeviceGetComputeRunningProcesses(self, handle: Any, /) -> Sequence[Any]: ...  # noqa: N802


def system_nvml() -> Nvml:
    """Return NVML itself, with its type checked."""
    nvml: Nvml = pynvml
    return nvml


class Gpus:
    """Reads all cards. The driver is opened by the first reading that finds a driver. Not thread-safe."""

    def __init__(self, nvml: Nvml) -> None:
        self._nvml = nvml
        self._is_open = False

    def read(self, own_pids: Collection[int]) -> tuple[tuple[GpuStatus, ...], tuple[str, ...]]:
        """Return the cards, and the reasons for those that cannot be read. `own_pids` are the server's processes."""
        try:
            self._open()
            driver = self._optional(self._nvml.nvmlSystemGetDriverVersion)
            count = self._nvml.nvmlDeviceGetCount()
        except self._nvml.NVMLError as error:
            self.close()
            return (), (f"gpus: no NVIDIA driver found ({error})",)
        gpus, unavailable = [], []
        for index in range(count):
            try:
                gpus.append(self._read_gpu(index, driver, own_pids))
            except self._nvml.NVMLError as error:
                unavailable.append(f"gpu {index}: the card does not respond ({error})")
        if count and not gpus:
            self.close()  # A driver that was reloaded must be opened again.
        return tuple(gpus), tuple(unavailable) if count else ("gpus: the NVIDIA driver lists no GPU",)

    def close(self) -> None:
        """Close the driver. A later reading opens it again."""
        if self._is_open:
            self._is_open = False
            self._optional(self._nvml.nvmlShutdown)

    def _open(self) -> None:
        if not self._is_open:
            self._nvml.nvmlInit()
            self._is_open = True

    def _read_gpu(self, index: int, driver: str | None, own_pids: Collection[int]) -> GpuStatus:
        nvml = self._nvml
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        return GpuStatus(
            index=index,
            name=nvml.nvmlDeviceGetName(handle),
            driver_version=driver,
            memory_total_bytes=memory.total,
            memory_used_bytes=memory.used,
            memory_free_bytes=memory.free,
            utilization_percent=self._optional(lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)),
            temperature_celsius=self._optional(lambda: float(nvml.nvmlDeviceGetTemperature(handle, _CORE_SENSOR))),
            power_watts=self._optional(lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000),
            fan_percent=self._optional(lambda: float(nvml.nvmlDeviceGetFanSpeed(handle))),
            own_memory_bytes=self._optional(lambda: self._own_memory(handle, own_pids)),
        )

    def _own_memory(self, handle: Any, own_pids: Collection[int]) -> int | None:
        """Return the bytes that the server's processes use; None if the driver does not report the use of each process."""
        processes = self._nvml.nvmlDeviceGetComputeRunningProcesses(handle)
        own = [process.usedGpuMemory for process in processes if process.pid in own_pids]
        return None if None in own else sum(own)

    def _optional(self, read: Callable[[], Result]) -> Result | None:
        try:
            return read()
        except self._nvml.NVMLError:
            return None
