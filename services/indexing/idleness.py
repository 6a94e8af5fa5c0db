"""How long the machine has been idle: what others than this server make of its GPUs, or of its processor without one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import psutil

from records.system import WorkerStatus
from services.indexing.indexing_settings import IndexingSettings
from services.metrics.machine.gpus import Gpus, Nvml, system_nvml


@dataclass(frozen=True, slots=True)
class Load:
    """Percentages. `gpu` is the busiest card's, None without one; `cpu` is of all cores, the server's own use left out."""

    gpu: float | None
    cpu: float

    @property
    def percent(self) -> float:
        return self.cpu if self.gpu is None else self.gpu


class ReadsLoad(Protocol):
    """Not thread-safe."""

    def read(self) -> Load:
        """May block."""
        ...

    def close(self) -> None: ...


class MachineLoad:
    """Not thread-safe; `read` blocks for milliseconds. How busy the processor is counts from the reading before."""

    def __init__(
        self,
        workers: Callable[[], Sequence[WorkerStatus]],
        nvml: Nvml | None = None,
        machine_seconds: Callable[[], tuple[float, float]] | None = None,
        process_seconds: Callable[[int], float | None] | None = None,
    ) -> None:
        """The last two give seconds of processor time since some beginning: busy ones and all, and a process' own."""
        self._workers = workers
        self._gpus = Gpus(nvml or system_nvml())
        self._machine_seconds = machine_seconds or _machine_seconds
        self._process_seconds = process_seconds or _process_seconds
        self._busy, self._total = self._machine_seconds()
        self._own: Mapping[int, float] = {}

    def read(self) -> Load:
        gpus, _ = self._gpus.read(())
        used = [gpu.utilization_percent for gpu in gpus if gpu.utilization_percent is not None]
        return Load(max(used, default=None), self._others())

    def close(self) -> None:
        self._gpus.close()

    def _others(self) -> float:
        busy, total = self._machine_seconds()
        own = {pid: seconds for pid in self._pids() if (seconds := self._process_seconds(pid)) is not None}
        by_us = sum(seconds - self._own.get(pid, 0.0) for pid, seconds in own.items())
        others, passed = busy - self._busy - by_us, total - self._total
        self._busy, self._total, self._own = busy, total, own
        return min(100.0, max(0.0, 100.0 * others / passed)) if passed > 0 else 0.0

    def _pids(self) -> Sequence[int]:
        return [psutil.Process().pid, *(worker.pid for worker in self._workers() if worker.pid is not None)]


class Idleness:
    def __init__(self, settings: IndexingSettings, now: float) -> None:
        self._settings = settings
        self._since = now
        self._now = now
        self.gpu_percent: float | None = None

    def note(self, load: Load, occupied: bool, now: float) -> None:
        """`occupied`: the server itself has something to do that goes first."""
        self._now = now
        self.gpu_percent = load.gpu
        if occupied or load.percent >= self._settings.gpu_idle_percent:
            self._since = now

    @property
    def seconds(self) -> float:
        return self._now - self._since

    @property
    def is_idle(self) -> bool:
        """Whether the last reading was one of an idle machine."""
        return self._since < self._now

    @property
    def is_reached(self) -> bool:
        return self.is_idle and self.seconds >= self._settings.idle_threshold_seconds


def _machine_seconds() -> tuple[float, float]:
    """Seconds of all cores together: busy ones, and all. What waits for a disk is not busy."""
    times = psutil.cpu_times()
    # Linux counts what virtual machines of its own use twice: in `user` and in `guest`.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total - times.idle - getattr(times, "iowait", 0.0), total


def _process_seconds(pid: int) -> float | None:
    """None where the process ended this moment."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return float(times.user + times.system)
