"""The processor: model, usage since the previous reading, frequency, load and temperature."""

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from records.system import CpuStatus, TemperatureReading

_PACKAGE_LABELS = ("Package id 0", "Tctl", "Tdie")
"""Labels of the readings for the whole processor; others are for single cores."""
_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "soc_thermal")
"""Names of processor sensors in Linux, the most precise first."""


class Cpu:
    """Reads the state of the processor. Usage is measured since the previous reading."""

    def __init__(self) -> None:
        self._model = _model()
        self.reset()

    def reset(self) -> None:
        """Measure usage from now on."""
        psutil.cpu_percent(percpu=True)

    def read(self, temperatures: Sequence[TemperatureReading]) -> CpuStatus:
        """Return the state of all cores of the machine, including cores that the server may not use."""
        per_core = tuple(psutil.cpu_percent(percpu=True))
        current, highest = _frequencies()
        return CpuStatus(
            model=self._model,
            usage_percent=sum(per_core) / max(1, len(per_core)),
            per_core_percent=per_core,
            logical_cores=len(per_core),
            physical_cores=psutil.cpu_count(logical=False),
            frequency_mhz=current,
            max_frequency_mhz=highest,
            load_average=os.getloadavg(),
            temperature_celsius=_temperature(temperatures),
        )


def _frequencies() -> tuple[float | None, float | None]:
    """Return the current and the highest frequency in MHz; psutil reports an unknown one as 0."""
    try:
        frequency = psutil.cpu_freq()
    except (OSError, RuntimeError, NotImplementedError):
        return None, None
    if frequency is None:
        return None, None
    return frequency.current or None, frequency.max or None


def _temperature(temperatures: Sequence[TemperatureReading]) -> float | None:
    for sensor in _SENSORS:
        readings = [reading for reading in temperatures if reading.sensor == sensor]
        packages = [reading for reading in readings if reading.label in _PACKAGE_LABELS]
        if readings:
            return max(reading.current_celsius for reading in packages or readings)
    return None


def _model() -> str | None:
    if platform.system() == "Darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or None
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or None
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return next(names, None) or platform.processor() or None
