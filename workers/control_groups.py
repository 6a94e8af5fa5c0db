"""Limits of the Linux control groups that this process belongs to: CPU quota and memory.

A limit applies to all groups below the one that sets it. Therefore every group from the process's own group up to the
mounted root is read. Version 2 (one hierarchy), version 1 (one hierarchy for each controller) and systems that use both are
supported.

References: cgroups(7), proc_pid_mountinfo(5), and the kernel's admin-guide/cgroup-v1 and admin-guide/cgroup-v2.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_UNLIMITED_BYTES = 1 << 60
"""Version 1 writes the largest multiple of the page size for "no limit"."""


@dataclass(frozen=True, slots=True)
class ControlGroups:
    """The folders of the process's control groups and of their parents, by controller.

    Folders that do not exist are harmless: in a container the parents are often not mounted.
    """

    unified: tuple[Path, ...] = ()
    "Groups of version 2."
    cpu: tuple[Path, ...] = ()
    "Groups of version 1 with the controller `cpu`."
    memory: tuple[Path, ...] = ()
    "Groups of version 1 with the controller `memory`."

    def cpu_quota(self) -> float | None:
        """Return the processor time that the process may use per second, in cores; None without a quota."""
        quotas = [*map(_quota_v2, self.unified), *map(_quota_v1, self.cpu)]
        return min((quota for quota in quotas if quota is not None), default=None)

    def free_memory(self) -> int | None:
        """Return the bytes that the process may still allocate; None without a limit.

        The kernel counts the file cache of a group as used. Its inactive part counts as free here, because the kernel
        reclaims it on demand. `memory.high` counts as a limit: above it, a group is slowed down until it frees memory.
        """
        sizes = [free for group in self.unified for free in _free_v2(group)]
        sizes += [free for group in self.memory for free in _free_v1(group)]
        return min(sizes, default=None)


def own_control_groups(process: Path = Path("/proc/self")) -> ControlGroups:
    """Return the control groups of this process; empty on systems without control groups."""
    try:
        membership, mounts = (process / "cgroup").read_text(), (process / "mountinfo").read_text()
    except OSError:
        return ControlGroups()
    return find_control_groups(membership, mounts)


def find_control_groups(membership: str, mounts: str) -> ControlGroups:
    """Return the control groups of a process.

    `membership` is the text of /proc/self/cgroup, `mounts` that of /proc/self/mountinfo.
    """
    mounted = list(_mounts(mounts))
    groups: dict[str, tuple[Path, ...]] = {}
    for line in membership.splitlines():
        _, controllers, group = line.split(":", 2)
        for name in ("cpu", "memory", ""):
            if name in controllers.split(","):
                groups[name] = _folders(group, [mount for mount in mounted if name in mount.controllers])
    return ControlGroups(groups.get("", ()), groups.get("cpu", ()), groups.get("memory", ()))


@dataclass(frozen=True, slots=True)
class _Mount:
    """A mounted hierarchy, or a part of one: the group `root` is visible at `point`."""

    root: PurePosixPath
    point: Path
    controllers: frozenset[str]
    "Names of controllers in version 1; the empty string stands for version 2."


def _mounts(mountinfo: str) -> Iterator[_Mount]:
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup"):
            root, point = before.split()[3:5]
            kind, _, options = after.split(maxsplit=2)
            controllers = frozenset({""} if kind == "cgroup2" else options.split(","))
            yield _Mount(PurePosixPath(_unescape(root)), Path(_unescape(point)), controllers)


def _unescape(text: str) -> str:
    """Replace the octal escapes of whitespace and backslashes."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _folders(group: str, mounts: Sequence[_Mount]) -> tuple[Path, ...]:
    """Return the folders of a group and of its parents, up to the mount point.

    In a container, the root of a mount is often the container's own group, although `group` is a path on the host.
    """
    own = PurePosixPath(group)
    within = [mount for mount in mounts if own.is_relative_to(mount.root)] or mounts
    if not within:
        return ()
    mount = max(within, key=lambda each: len(each.root.parts))
    below = own.relative_to(mount.root) if own.is_relative_to(mount.root) else own.relative_to("/")
    # "/.." at the beginning names a group outside of the namespace.
    parts = [part for part in below.parts if part != ".."]
    return tuple(mount.point.joinpath(*parts[:count]) for count in range(len(parts), -1, -1))


def _quota_v2(group: Path) -> float | None:
    match _words(group / "cpu.max"):
        case [quota, period] if quota.isdigit():
            return int(quota) / int(period)
    return None


def _quota_v1(group: Path) -> float | None:
    quota, period = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
    return quota / period if quota is not None and period else None


def _free_v2(group: Path) -> Iterator[int]:
    used = _number(group / "memory.current")
    for name in ("memory.max", "memory.high"):
        limit = _number(group / name)
        if limit is not None and used is not None:
            yield max(0, limit - used + _inactive_cache(group, "inactive_file"))


def _free_v1(group: Path) -> Iterator[int]:
    used, limit = _number(group / "memory.usage_in_bytes"), _number(group / "memory.limit_in_bytes")
    if limit is not None and used is not None and limit < _UNLIMITED_BYTES:
        yield max(0, limit - used + _inactive_cache(group, "total_inactive_file"))


def _inactive_cache(group: Path, name: str) -> int:
    words = _words(group / "memory.stat")
    return int(words[words.index(name) + 1]) if name in words else 0


def _number(file: Path) -> int | None:
    """Return the number in a file. Return None if the file has `max` or -1, which mean no limit, or does not exist."""
    match _words(file):
        case [number] if number.isdigit():
            return int(number)
    return None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []
