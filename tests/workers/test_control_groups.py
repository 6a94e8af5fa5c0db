"""Limits of control groups are found in the group itself and in its parents, in both versions and inside of containers."""

from pathlib import Path

import pytest

from workers.control_groups import ControlGroups, find_control_groups, own_control_groups

TWO_CORES = "200000 100000\n"
NO_QUOTA = "max 100000\n"
V2 = "31 23 0:28 {root} {mount} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
V1_CPU = "32 31 0:29 {root} {mount}/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct"
V1_MEMORY = "35 31 0:32 {root} {mount}/memory rw,nosuid - cgroup cgroup rw,memory"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def find(folder: Path, membership: str, mount: str, files: dict[str, str], root: str = "/") -> ControlGroups:
    write(folder, files)
    other = "22 20 0:20 / /proc rw - proc proc rw\n"
    return find_control_groups(
        membership, other + mount.format(root=root, mount=str(folder).replace(" ", r"\040")) + "\n"
    )


@pytest.mark.parametrize(
    ("membership", "files"),
    [
        ("0::/", {"cpu.max": TWO_CORES}),
        ("0::/system.slice/graphlore.service", {"system.slice/graphlore.service/cpu.max": TWO_CORES}),
        ("0::/user.slice/app/run", {"user.slice/cpu.max": TWO_CORES, "user.slice/app/run/cpu.max": NO_QUOTA}),
        ("0::/user.slice/app/run", {"user.slice/app/cpu.max": TWO_CORES, "user.slice/cpu.max": "800000 100000"}),
        ("0::/kubepods/pod1/box", {"cpu.max": TWO_CORES}),
        ("0::/../host/box", {"cpu.max": TWO_CORES}),
    ],
    ids=[
        "container",
        "systemd service",
        "parent group",
        "strictest group",
        "group that is not mounted",
        "foreign group",
    ],
)
def test_the_strictest_cpu_quota_of_version_2_is_found(tmp_path: Path, membership: str, files: dict[str, str]) -> None:
    assert find(tmp_path, membership, V2, files).cpu_quota() == 2.0


@pytest.mark.parametrize(
    ("group", "root", "folder"),
    [
        ("/docker/1", "/", "cpu,cpuacct/docker/1"),
        ("/docker/1/app", "/", "cpu,cpuacct/docker"),
        ("/docker/1", "/docker/1", "cpu,cpuacct"),
        ("/docker/1/app", "/docker/1", "cpu,cpuacct/app"),
    ],
    ids=["own group", "parent group", "container with the name of the host", "group in such a container"],
)
def test_the_strictest_cpu_quota_of_version_1_is_found(tmp_path: Path, group: str, root: str, folder: str) -> None:
    files = {f"{folder}/cpu.cfs_quota_us": "250000\n", f"{folder}/cpu.cfs_period_us": "100000\n"}
    groups = find(tmp_path, f"4:cpu,cpuacct:{group}\n0::/", V1_CPU, files, root)
    assert groups.cpu_quota() == 2.5


def test_version_1_without_a_quota_has_none(tmp_path: Path) -> None:
    files = {"cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"}
    assert find(tmp_path, "4:cpu,cpuacct:/\n", V1_CPU, files).cpu_quota() is None


def test_both_versions_at_once_are_read(tmp_path: Path) -> None:
    v1 = {"cpu,cpuacct/box/cpu.cfs_quota_us": "400000", "cpu,cpuacct/box/cpu.cfs_period_us": "100000"}
    write(tmp_path, {**v1, "unified/box/cpu.max": "300000 100000"})
    mounts = f"{V1_CPU.format(root='/', mount=tmp_path)}\n{V2.format(root='/', mount=tmp_path / 'unified')}\n"
    assert find_control_groups("2:cpu,cpuacct:/box\n0::/box\n", mounts).cpu_quota() == 3.0


def test_the_strictest_memory_limit_of_version_2_counts_without_inactive_file_cache(tmp_path: Path) -> None:
    files = {
        "outer/memory.max": "1000\n", "outer/memory.current": "900\n",
        "outer/memory.stat": "anon 100\ninactive_file 50\n",
        "outer/inner/memory.max": "max\n", "outer/inner/memory.current": "100\n",
    }  # fmt: skip
    assert find(tmp_path, "0::/outer/inner\n", V2, files).free_memory() == 150


def test_a_soft_memory_limit_counts(tmp_path: Path) -> None:
    files = {"box/memory.max": "9000", "box/memory.high": "5000", "box/memory.current": "1000"}
    assert find(tmp_path, "0::/box\n", V2, files).free_memory() == 4000


def test_a_memory_limit_of_version_1_counts(tmp_path: Path) -> None:
    files = {"memory/box/memory.limit_in_bytes": "5000", "memory/box/memory.usage_in_bytes": "1000"}
    assert find(tmp_path, "5:memory:/box\n", V1_MEMORY, files).free_memory() == 4000


def test_the_largest_number_of_version_1_is_no_limit(tmp_path: Path) -> None:
    files = {"memory/memory.limit_in_bytes": "9223372036854771712", "memory/memory.usage_in_bytes": "1000"}
    assert find(tmp_path, "5:memory:/\n", V1_MEMORY, files).free_memory() is None


def test_a_group_that_exceeds_its_limit_has_no_free_memory(tmp_path: Path) -> None:
    files = {"memory.max": "1000", "memory.current": "1200"}
    assert find(tmp_path, "0::/\n", V2, files).free_memory() == 0


def test_blanks_in_a_mount_point_are_decoded(tmp_path: Path) -> None:
    assert find(tmp_path / "a mount", "0::/\n", V2, {"cpu.max": TWO_CORES}).cpu_quota() == 2.0


def test_a_system_without_control_groups_has_no_limits(tmp_path: Path) -> None:
    groups = own_control_groups(tmp_path)
    assert (groups.cpu_quota(), groups.free_memory()) == (None, None)


def test_the_control_groups_of_this_process_can_be_read() -> None:
    quota, free = own_control_groups().cpu_quota(), own_control_groups().free_memory()
    assert quota is None or quota > 0
    assert free is None or free >= 0
