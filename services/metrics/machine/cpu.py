"""The processor. How busy it is counts from the reading before."""

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil

from records.system import CpuStatus, TemperatureReading

_PACKAGE_LABELS = ("Package id 0", "Tctl", "Tdie")
_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "soc_thermal")
"Names that Linux gives to processors' sensors, the sharpest first."


class Cpu:
    def __init__(self) -> None:
        self._model = _model()
        self.begin()

    def begin(self) -> None:
        """Count from now."""
        psutil.cpu_percent(percpu=True)

    def read(self, temperatures: Sequence[TemperatureReading]) -> CpuStatus:
        per_core = tuple(psutil.cpu_percent(percpu=True))
        current, highest = _frequency()
        return CpuStatus(
            model=self._model,
            usage_percent=sum(per_core) / max(1, len(per_core)),
            per_core_percent=per_core,
            logical_cores=psutil.cpu_count() or len(per_core),
            physical_cores=psutil.cpu_count(logical=False),
            frequency_mhz=current,
            max_frequency_mhz=highest,
            load_average=os.getloadavg(),
            temperature_celsius=_temperature(temperatures),
        )


def _frequency() -> tuple[float | None, float | None]:
    """Now and at most, in MHz; psutil says 0 where the system does not tell."""
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
        whole = [reading for reading in readings if reading.label in _PACKAGE_LABELS]
        if readings:
            return max(reading.current_celsius for reading in whole or readings)
    return None


def _model() -> str | None:
    if platform.system() == "Darwin":
        asked = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        return asked.stdout.strip() or None
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or None
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return next(names, None) or platform.processor() or None
