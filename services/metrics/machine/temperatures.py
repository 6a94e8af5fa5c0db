"""Every temperature sensor that the system shows."""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import psutil

from records.system import TemperatureReading


class SensorReading(Protocol):
    """As psutil gives it: degrees Celsius."""

    @property
    def label(self) -> str: ...
    @property
    def current(self) -> float: ...
    @property
    def high(self) -> float | None: ...
    @property
    def critical(self) -> float | None: ...


class Sensors(Protocol):
    def __call__(self) -> Mapping[str, Sequence[SensorReading]]: ...


def system_sensors() -> Mapping[str, Sequence[SensorReading]]:
    """psutil's on Linux and FreeBSD; other systems show none to programs without privileges."""
    if not hasattr(psutil, "sensors_temperatures"):
        return {}
    sensors: Mapping[str, Sequence[SensorReading]] = psutil.sensors_temperatures()
    return sensors


def read_temperatures(sensors: Sensors) -> tuple[tuple[TemperatureReading, ...], tuple[str, ...]]:
    """The readings, and why there are none."""
    try:
        found = sensors()
    except (OSError, ValueError, RuntimeError) as failure:
        return (), (f"temperatures: the sensors could not be read ({failure})",)
    readings = tuple(
        _reading(sensor, each) for sensor, group in found.items() for each in group if math.isfinite(each.current)
    )
    return readings, () if readings else ("temperatures: this machine reports no sensors",)


def _reading(sensor: str, reading: SensorReading) -> TemperatureReading:
    return TemperatureReading(
        sensor=sensor,
        label=reading.label or sensor,
        current_celsius=reading.current,
        high_celsius=_bound(reading.high),
        critical_celsius=_bound(reading.critical),
    )


def _bound(value: float | None) -> float | None:
    """Drivers that know no bound say 0 or something beyond any."""
    return value if value is not None and 0 < value < 1000 else None
