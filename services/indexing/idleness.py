"""Detection of an idle machine: the load that other programs cause, and since when it has been low.

With a GPU, only the load of the GPUs counts; otherwise the load of the processor without the server's own processes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import psutil

from records.system import WorkerStatus
from services.metrics.machine.gpus import Gpus, Nvml, system_nvml


@dataclass(frozen=True, slots=True)
class IndexingSettings:
    """The machine is idle if its load has been below `gpu_idle_percent` for `idle_threshold_seconds`."""

    idle_threshold_seconds: int = 600
    gpu_idle_percent: float = 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """Load of the machine in percent."""

    gpu: float | None
    "Utilization of the busiest GPU; None without a GPU."
    cpu: float
    "Load of all cores together, without the server's own processes."

    @property
    def percent(self) -> float:
        return self.cpu if self.gpu is None else self.gpu


class LoadMeter(Protocol):
    """Interface of a meter of the machine's load. Not thread-safe."""

    def read(self) -> Load:
        """Return the load since the reading before. May block."""
        ...

    def close(self) -> None: ...


class MachineLoad:
    """Meter of the load of this machine. `read` blocks for milliseconds. Not thread-safe."""

    def __init__(
        self,
        workers: Callable[[], Sequence[WorkerStatus]],
        nvml: Nvml | None = None,
        machine_seconds: Callable[[], tuple[float, float]] | None = None,
        process_seconds: Callable[[int], float | None] | None = None,
    ) -> None:
        """Create a meter.

        `machine_seconds` returns the busy and the total processor time of all cores in seconds; `process_seconds` returns
        the processor time of one process. By default, both read the values of psutil.
        """
        self._workers = workers
        self._gpus = Gpus(nvml or system_nvml())
        self._machine_seconds = machine_seconds or _machine_seconds
        self._process_seconds = process_seconds or _process_seconds
        self._busy, self._total = self._machine_seconds()
        self._own: Mapping[int, float] = {}

    def read(self) -> Load:
        """Return the load since the reading before."""
        gpus, _ = self._gpus.read(())
        used = [gpu.utilization_percent for gpu in gpus if gpu.utilization_percent is not None]
        return Load(max(used, default=None), self._load_of_others())

    def close(self) -> None:
        self._gpus.close()

    def _load_of_others(self) -> float:
        busy, total = self._machine_seconds()
        own = {pid: seconds for pid in self._own_pids() if (seconds := self._process_seconds(pid)) is not None}
        own_seconds = sum(seconds - self._own.get(pid, 0.0) for pid, seconds in own.items())
        others, passed = busy - self._busy - own_seconds, total - self._total
        self._busy, self._total, self._own = busy, total, own
        return min(100.0, max(0.0, 100.0 * others / passed)) if passed > 0 else 0.0

    def _own_pids(self) -> Sequence[int]:
        return [psutil.Process().pid, *(worker.pid for worker in self._workers() if worker.pid is not None)]


class Idleness:
    """Tracks since when the machine has been idle. Times are seconds of the clock that the caller uses."""

    def __init__(self, settings: IndexingSettings, now: float) -> None:
        self._settings = settings
        self._since = now
        self._now = now
        self.gpu_percent: float | None = None
        "Utilization of the busiest GPU at the last reading; None without a GPU."

    def observe(self, load: Load, is_server_busy: bool, now: float) -> None:
        """Record a reading. If `is_server_busy`, the server has work with a higher priority: the machine is not idle."""
        self._now = now
        self.gpu_percent = load.gpu
        if is_server_busy or load.percent >= self._settings.gpu_idle_percent:
            self._since = now

    @property
    def seconds(self) -> float:
        """Seconds for which the machine has been idle."""
        return self._now - self._since

    @property
    def is_idle(self) -> bool:
        """True if the machine was idle at the last reading."""
        return self._since < self._now

    @property
    def is_reached(self) -> bool:
        """True if the machine has been idle for long enough to start indexing."""
        return self.is_idle and self.seconds >= self._settings.idle_threshold_seconds


def _machine_seconds() -> tuple[float, float]:
    """Return the busy and the total seconds of all cores together. Time spent waiting for a disk is not busy time."""
    times = psutil.cpu_times()
    # Linux counts the time of virtual machines twice: in `user` and in `guest`.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total - times.idle - getattr(times, "iowait", 0.0), total


def _process_seconds(pid: int) -> float | None:
    """Return the processor time of a process in seconds; None if it has ended."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return float(times.user + times.system)
