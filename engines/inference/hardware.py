"""What this machine, or the container around us, lets a model have of memory."""

from dataclasses import dataclass
from pathlib import Path

import psutil

MOST_COPY_BYTES = 1024**3
_V2_ROOT = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60


@dataclass(frozen=True, slots=True)
class AvailableMemory:
    """Bytes; `vram` is None where no GPU is used."""

    ram: int
    vram: int | None = None


def available_memory() -> AvailableMemory:
    """What can still be taken: free and reclaimable memory, and no more than the control groups leave."""
    return AvailableMemory(min(int(psutil.virtual_memory().available), cgroup_headroom(_V2_ROOT, _own_groups())))


def copy_bytes() -> int:
    """What copies of idle sequences may take: an eighth of what is free, and no more than MOST_COPY_BYTES."""
    return min(MOST_COPY_BYTES, available_memory().ram // 8)


def _own_groups() -> str:
    try:
        return Path("/proc/self/cgroup").read_text()
    except OSError:
        return ""


def cgroup_headroom(root: Path, membership: str) -> int:
    """The least that any of our control groups leaves; `membership` is the text of /proc/self/cgroup."""
    left = _UNLIMITED
    for line in membership.splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            left = min(left, _headroom(root, group, "memory.max", "memory.current", "inactive_file"))
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            left = min(left, _headroom(root / "memory", group, *names))
    return left


def _headroom(mount: Path, group: str, limit_name: str, usage_name: str, cache_name: str) -> int:
    """Walk from our group up to the mount; a container often sees its own group as the mount itself."""
    left = _UNLIMITED
    folder = mount / group.strip("/")
    while True:
        limit, used = _number(folder / limit_name), _number(folder / usage_name)
        if limit is not None and used is not None:
            left = min(left, max(0, limit - used + _cache(folder, cache_name)))
        if folder == mount or mount not in folder.parents:
            return left
        folder = folder.parent


def _number(file: Path) -> int | None:
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and int(text) < _UNLIMITED else None


def _cache(folder: Path, name: str) -> int:
    """File cache counts as used there, but goes when memory is wanted."""
    try:
        rows = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return next((int(row.split()[1]) for row in rows if row.startswith(f"{name} ")), 0)
