"""The operating system, its memory, and the file systems that the server writes to."""

import platform
import socket
from collections.abc import Mapping
from pathlib import Path

import psutil

from records.system import DiskStatus, HostInfo, MemoryStatus
from records.values.text import encodable


def read_host(version: str) -> HostInfo:
    """Return the facts that do not change while the server runs. `version` is the version of Graphlore."""
    return HostInfo(
        hostname=socket.gethostname(),
        os=_operating_system(),
        kernel=platform.release(),
        machine=platform.machine(),
        python=platform.python_version(),
        version=version,
    )


def _operating_system() -> str:
    if platform.system() == "Darwin":
        return f"macOS {platform.mac_ver()[0]}"
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def read_memory() -> MemoryStatus:
    """Return the sizes of the main memory and the swap space of the machine."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return MemoryStatus(
        total_bytes=memory.total,
        available_bytes=memory.available,
        used_bytes=memory.used,
        used_percent=memory.percent,
        swap_total_bytes=swap.total,
        swap_used_bytes=swap.used,
    )


def read_disks(folders: Mapping[str, Path]) -> tuple[tuple[DiskStatus, ...], tuple[str, ...]]:
    """Return the file system of each folder, and the reasons for folders that cannot be read.

    The keys of `folders` are the purposes of the folders, which appear in the result.
    """
    disks, unavailable = [], []
    for purpose, folder in folders.items():
        try:
            disks.append(_read_disk(purpose, folder))
        except OSError as error:
            unavailable.append(f"disk of {purpose}: {error.strerror or error}")
    return tuple(disks), tuple(unavailable)


def _read_disk(purpose: str, folder: Path) -> DiskStatus:
    # A folder that does not exist yet will be created in the file system of its parent.
    existing = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    usage = psutil.disk_usage(str(existing))
    return DiskStatus(
        purpose=purpose,
        path=encodable(str(folder)),
        total_bytes=usage.total,
        used_bytes=usage.used,
        free_bytes=usage.free,
        used_percent=usage.percent,
    )
