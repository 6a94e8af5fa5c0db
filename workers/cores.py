"""Processor cores that worker processes may use. They determine the number of threads of native libraries."""

import os
from collections.abc import Set
from pathlib import Path

import psutil

from workers.control_groups import own_control_groups

TOPOLOGY = Path("/sys/devices/system/cpu")


def usable_cores() -> int:
    """Return the number of logical cores that this process may use: at least 1, at most its CPU quota.

    The set of allowed cores includes the limits of control groups (`cpuset`) and of `taskset`. A fraction of a core in a
    quota is not used: with 2.5 cores, a third thread would be paused half of the time, and the others would wait for it.
    """
    allowed, quota = len(_allowed_cores()), own_control_groups().cpu_quota()
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def physical_cores() -> int:
    """Return the number of physical cores that this process may use. With more threads, a language model is slower."""
    return min(usable_cores(), count_physical(_allowed_cores(), TOPOLOGY))


def count_physical(cores: Set[int], topology: Path) -> int:
    """Return the number of physical cores that contain the logical `cores`.

    If `topology` does not describe these, return the number of physical cores of the whole machine.
    """
    siblings = {_siblings(topology / f"cpu{core}" / "topology") for core in cores}
    return psutil.cpu_count(logical=False) or len(cores) if None in siblings else len(siblings)


def _allowed_cores() -> Set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return frozenset(range(os.cpu_count() or 1))


def _siblings(core: Path) -> str | None:
    """Return the logical cores of one physical core, as Linux lists them, such as `0,64`; None if they are unknown."""
    try:
        return (core / "thread_siblings_list").read_text().strip()
    except OSError:
        return None
