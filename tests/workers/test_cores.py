"""The number of usable cores follows the allowed set of cores, and physical cores are not counted twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT
from workers.cores import count_physical, physical_cores, usable_cores

THREADS = {0: "0,4", 1: "1,5", 4: "0,4", 5: "1,5"}
"""Two physical cores with two threads each."""


@pytest.fixture
def topology(tmp_path: Path) -> Path:
    for core, siblings in THREADS.items():
        folder = tmp_path / f"cpu{core}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{siblings}\n")
    return tmp_path


@pytest.mark.parametrize(("cores", "physical"), [({0, 1, 4, 5}, 2), ({0, 4}, 1), ({0, 1}, 2), ({5}, 1)])
def test_threads_of_one_physical_core_count_once(topology: Path, cores: set[int], physical: int) -> None:
    assert count_physical(cores, topology) == physical


def test_without_a_list_of_siblings_the_cores_of_the_machine_count(tmp_path: Path) -> None:
    assert count_physical({0}, tmp_path) >= 1


def test_physical_cores_are_at_most_the_usable_ones() -> None:
    assert 1 <= physical_cores() <= usable_cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system cannot restrict the cores of a process")
def test_a_restricted_set_of_cores_counts() -> None:
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "from workers.cores import physical_cores, usable_cores; print(usable_cores(), physical_cores())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["1", "1"]
