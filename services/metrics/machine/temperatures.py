"""Readings of all temperature sensors of the system."""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import psutil

from records.system import TemperatureReading
from records.values.text import encodable


class SensorReading(Protocol):
    """A reading of psutil, in degrees Celsius."""

    @property
    def label(self) -> str: ...
    @property
    def current(self) -> float: ...
    @property
    def high(self) -> float | None: ...
    @property
    def critical(self) -> float | None: ...


class Sensors(Protocol):
    def __call__(self) -> Mapping[str, Sequence[SensorReading]]:
        """Return the readings of each sensor by its name."""
        ...


def system_sensors() -> Mapping[str, Sequence[SensorReading]]:
    """Return the sensors of Linux and FreeBSD. Other systems report none to programs without privileges."""
    if not hasattr(psutil, "sensors_temperatures"):
        return {}
    sensors: Mapping[str, Sequence[SensorReading]] = psutil.sensors_temperatures()
    return sensors


def read_temperatures(sensors: Sensors) -> tuple[tuple[TemperatureReading, ...], tuple[str, ...]]:
    """Return the readings, and the reason if there are none. Readings that are not finite numbers are left out."""
    try:
        found = sensors()
    except (OSError, ValueError, RuntimeError) as error:
        return (), (f"temperatures: the sensors cannot be read ({error})",)
    readings = tuple(
        _reading(sensor, each) for sensor, group in found.items() for each in group if math.isfinite(each.current)
    )
    return readings, () if readings else ("temperatures: the system reports no sensors",)


def _reading(sensor: str, reading: SensorReading) -> TemperatureReading:
    return TemperatureReading(
        sensor=encodable(sensor),
        label=encodable(reading.label or sensor),
        current_celsius=reading.current,
        high_celsius=_bound(reading.high),
        critical_celsius=_bound(reading.critical),
    )


def _bound(value: float | None) -> float | None:
    """Return None for an unknown bound: drivers report 0 or an impossibly high value for it."""
    return value if value is not None and 0 < value < 1000 else None
