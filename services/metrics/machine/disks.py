"""The file systems that the server writes to."""

from collections.abc import Mapping
from pathlib import Path

import psutil

from records.system import DiskStatus


def read_disks(places: Mapping[str, Path]) -> tuple[tuple[DiskStatus, ...], tuple[str, ...]]:
    """`places` names a folder for each purpose; gives the disks, and why others could not be read."""
    disks, unavailable = [], []
    for purpose, path in places.items():
        try:
            disks.append(_disk(purpose, path))
        except OSError as failure:
            unavailable.append(f"disk of {purpose}: {failure.strerror or failure}")
    return tuple(disks), tuple(unavailable)


def _disk(purpose: str, path: Path) -> DiskStatus:
    usage = psutil.disk_usage(str(_existing(path)))
    return DiskStatus(
        purpose=purpose,
        path=str(path),
        total_bytes=usage.total,
        used_bytes=usage.used,
        free_bytes=usage.free,
        used_percent=usage.percent,
    )


def _existing(path: Path) -> Path:
    """A folder that is not made yet will be on its parent's file system."""
    return next((each for each in (path, *path.parents) if each.exists()), path)
