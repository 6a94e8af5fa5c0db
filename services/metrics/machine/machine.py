"""Everything that is read by blocking calls, at one go in a thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from records.system import (
    CpuStatus,
    DiskStatus,
    GpuStatus,
    MemoryStatus,
    ProcessStatus,
    TemperatureReading,
    WorkerStatus,
)
from services.metrics.machine.cpu import Cpu
from services.metrics.machine.disks import read_disks
from services.metrics.machine.gpus import Gpus, Nvml, system_nvml
from services.metrics.machine.memory import read_memory
from services.metrics.machine.processes import Processes
from services.metrics.machine.temperatures import Sensors, read_temperatures, system_sensors


@dataclass(frozen=True, slots=True)
class MachineReading:
    cpu: CpuStatus
    memory: MemoryStatus
    disks: tuple[DiskStatus, ...]
    gpus: tuple[GpuStatus, ...]
    temperatures: tuple[TemperatureReading, ...]
    process: ProcessStatus
    unavailable: tuple[str, ...]


class Machine:
    """Not thread-safe: one reading at a time."""

    def __init__(self, disks: Mapping[str, Path], nvml: Nvml | None = None, sensors: Sensors = system_sensors) -> None:
        """`disks` names a folder for each purpose."""
        self._disks = disks
        self._gpus = Gpus(nvml or system_nvml())
        self._sensors = sensors
        self._cpu = Cpu()
        self._processes = Processes()

    def begin(self, workers: Sequence[WorkerStatus]) -> None:
        """Count from now how busy everything is."""
        self._cpu.begin()
        self._processes.begin(workers)

    def read(self, workers: Sequence[WorkerStatus]) -> MachineReading:
        temperatures, no_temperatures = read_temperatures(self._sensors)
        process = self._processes.read(workers)
        gpus, no_gpus = self._gpus.read({process.pid, *(child.pid for child in process.children)})
        disks, no_disks = read_disks(self._disks)
        return MachineReading(
            cpu=self._cpu.read(temperatures),
            memory=read_memory(),
            disks=disks,
            gpus=gpus,
            temperatures=temperatures,
            process=process,
            unavailable=(*no_temperatures, *no_gpus, *no_disks),
        )

    def close(self) -> None:
        self._gpus.close()
