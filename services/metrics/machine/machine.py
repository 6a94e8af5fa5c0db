"""All blocking readings of the machine in one call, which runs in a thread."""

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
from services.metrics.machine.gpus import Gpus, Nvml, system_nvml
from services.metrics.machine.host import read_disks, read_memory
from services.metrics.machine.processes import Processes
from services.metrics.machine.temperatures import Sensors, read_temperatures, system_sensors


@dataclass(frozen=True, slots=True)
class MachineReading:
    """One reading of the machine and of the server's processes."""

    cpu: CpuStatus
    memory: MemoryStatus
    disks: tuple[DiskStatus, ...]
    gpus: tuple[GpuStatus, ...]
    temperatures: tuple[TemperatureReading, ...]
    process: ProcessStatus
    unavailable: tuple[str, ...]
    "Reasons for values that cannot be read."


class Machine:
    """Reads the machine and the server's processes. Not thread-safe: one reading at a time."""

    def __init__(self, disks: Mapping[str, Path], nvml: Nvml | None = None, sensors: Sensors = system_sensors) -> None:
        """`disks` maps a purpose to a folder in the file system that is read for it."""
        self._disks = disks
        self._gpus = Gpus(nvml or system_nvml())
        self._sensors = sensors
        self._cpu = Cpu()
        self._processes = Processes()

    def reset(self, workers: Sequence[WorkerStatus]) -> None:
        """Measure the usage of the processor and of the processes from now on."""
        self._cpu.reset()
        self._processes.reset(workers)

    def read(self, workers: Sequence[WorkerStatus]) -> MachineReading:
        """Return a reading. Blocks for some milliseconds."""
        temperatures, temperature_reasons = read_temperatures(self._sensors)
        process = self._processes.read(workers)
        gpus, gpu_reasons = self._gpus.read({process.pid, *(child.pid for child in process.children)})
        disks, disk_reasons = read_disks(self._disks)
        return MachineReading(
            cpu=self._cpu.read(temperatures),
            memory=read_memory(),
            disks=disks,
            gpus=gpus,
            temperatures=temperatures,
            process=process,
            unavailable=(*temperature_reasons, *gpu_reasons, *disk_reasons),
        )

    def close(self) -> None:
        self._gpus.close()
