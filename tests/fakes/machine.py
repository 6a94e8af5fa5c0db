"""Fakes of the hardware: an NVIDIA driver, and the temperature sensors of a laptop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from services.metrics.machine.temperatures import SensorReading

GIB = 1 << 30
Value = TypeVar("Value")


class FakeNvmlError(Exception):
    pass


@dataclass
class Memory:
    total: int = 80 * GIB
    used: int = 20 * GIB
    free: int = 60 * GIB


@dataclass
class Rates:
    gpu: int = 37


@dataclass
class Process:
    pid: int
    usedGpuMemory: int | None  # noqa: N815  # NVML's own name


@dataclass
class Card:
    """A graphics card. `unsupported` contains the calls that it rejects."""

    name: str = "NVIDIA H200"
    unsupported: frozenset[str] = frozenset()
    processes: list[Process] = field(default_factory=list)


@dataclass
class FakeNvml:
    """The driver library: `opened` is 1 while it is open, `times_opened` counts how often it was opened."""

    cards: list[Card] = field(default_factory=list)
    has_driver: bool = True
    opened: int = 0
    times_opened: int = 0
    NVMLError: type[Exception] = FakeNvmlError

    def nvmlInit(self) -> None:  # noqa: N802
        if not self.has_driver:
            raise FakeNvmlError("Driver Not Loaded")
        self.opened += 1
        self.times_opened += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.opened -= 1

    def nvmlSystemGetDriverVersion(self) -> str:  # noqa: N802
        if not self.has_driver:
            raise FakeNvmlError("Driver Not Loaded")
        return "580.65.06"

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int, /) -> Card:  # noqa: N802
        return self._reply("handle", self.cards[index], self.cards[index])

    def nvmlDeviceGetName(self, handle: Card, /) -> str:  # noqa: N802
        return self._reply("name", handle, handle.name)

    def nvmlDeviceGetMemoryInfo(self, handle: Card, /) -> Memory:  # noqa: N802
        return self._reply("memory", handle, Memory())

    def nvmlDeviceGetUtilizationRates(self, handle: Card, /) -> Rates:  # noqa: N802
        return self._reply("utilization", handle, Rates())

    def nvmlDeviceGetTemperature(self, handle: Card, sensor: int, /) -> int:  # noqa: N802
        assert sensor == 0
        return self._reply("temperature", handle, 51)

    def nvmlDeviceGetPowerUsage(self, handle: Card, /) -> int:  # noqa: N802
        return self._reply("power", handle, 120_500)

    def nvmlDeviceGetFanSpeed(self, handle: Card, /) -> int:  # noqa: N802
        return self._reply("fan", handle, 30)

    def nvmlDeviceGetComputeRunningProcesses(self, handle: Card, /) -> Sequence[Process]:  # noqa: N802
        return self._reply("processes", handle, handle.processes)

    def _reply(self, name: str, card: Card, value: Value) -> Value:
        if name in card.unsupported:
            raise FakeNvmlError("Not Supported")
        return value


@dataclass(frozen=True)
class Reading:
    label: str
    current: float
    high: float | None = None
    critical: float | None = None


def laptop_sensors() -> Mapping[str, Sequence[SensorReading]]:
    return {
        "coretemp": [Reading("Core 0", 55.0, 100.0, 105.0), Reading("Package id 0", 61.0, 100.0, 105.0)],
        "nvme": [Reading("Composite", 38.0, 83.9, 65261.9), Reading("", float("nan"))],
        "acpitz": [Reading("", 27.8)],
    }


def no_sensors() -> Mapping[str, Sequence[SensorReading]]:
    return {}
