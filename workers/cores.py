"""Processor cores that worker processes may use; the number of threads of a native library follows from it."""

import os
from pathlib import Path

import psutil

_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
_UNLIMITED = 1 << 16


def usable_cores() -> int:
    """Return the number of logical cores that this process may run on: at least 1, at most its control group's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, _quota()))


def physical_cores() -> int:
    """Return the number of physical cores that this process may run on; more threads make a language model slower."""
    usable = usable_cores()
    return min(psutil.cpu_count(logical=False) or usable, usable)


def _quota() -> int:
    """Return the whole cores of the control group's CPU quota."""
    try:
        quota, period = _CPU_MAX.read_text().split()
    except (OSError, ValueError):
        return _UNLIMITED
    return max(1, int(quota) // int(period)) if quota.isdigit() else _UNLIMITED
