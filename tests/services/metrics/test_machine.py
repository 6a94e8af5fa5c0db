"""Readings of the machine: missing sensors are listed with a reason, everything else is read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from records.system import WorkerPurpose, WorkerState, WorkerStatus
from services.metrics.machine.gpus import Gpus, system_nvml
from services.metrics.machine.machine import Machine
from services.metrics.machine.processes import Processes
from services.metrics.machine.temperatures import read_temperatures, system_sensors
from tests.fakes.machine import GIB, Card, FakeNvml, Process, laptop_sensors, no_sensors


def make_worker(pid: int | None) -> WorkerStatus:
    return WorkerStatus(WorkerPurpose.PARSING, WorkerState.RUNNING, pid, restarts=2)


def test_missing_sensors_and_cards_are_listed_and_everything_else_is_read(tmp_path: Path) -> None:
    machine = Machine(
        {"data": tmp_path, "models": tmp_path / "not" / "made yet"}, FakeNvml(has_driver=False), no_sensors
    )
    reading = machine.read([])
    assert reading.unavailable == (
        "temperatures: the system reports no sensors",
        "gpus: no NVIDIA driver found (Driver Not Loaded)",
    )
    assert (reading.gpus, reading.temperatures) == ((), ())
    assert reading.cpu.temperature_celsius is None
    assert reading.cpu.logical_cores == len(reading.cpu.per_core_percent) > 0
    assert 0 <= reading.cpu.usage_percent <= 100
    assert len(reading.cpu.load_average) == 3
    assert 0 < reading.memory.available_bytes <= reading.memory.total_bytes
    assert [disk.purpose for disk in reading.disks] == ["data", "models"]
    assert reading.disks[1].path == str(tmp_path / "not" / "made yet")
    assert reading.disks[0].total_bytes == reading.disks[1].total_bytes > 0
    assert reading.process.pid == os.getpid()
    assert reading.process.resident_bytes > 0
    assert reading.process.threads > 0
    assert reading.process.open_files > 0


def test_this_machine_can_be_read_with_any_hardware(tmp_path: Path) -> None:
    machine = Machine({"data": tmp_path})
    for _ in range(2):
        machine.reset([])
        reading = machine.read([])
        assert reading.temperatures or any(reason.startswith("temperatures: ") for reason in reading.unavailable)
        assert reading.gpus or any(reason.startswith("gpu") for reason in reading.unavailable)
    machine.close()


def test_all_values_of_a_card_are_read() -> None:
    nvml = FakeNvml([Card(processes=[Process(10, 3 * GIB), Process(11, GIB), Process(99, 9 * GIB)])])
    gpus, unavailable = Gpus(nvml).read({10, 11})
    assert unavailable == ()
    gpu = gpus[0]
    assert (gpu.index, gpu.name, gpu.driver_version) == (0, "NVIDIA H200", "580.65.06")
    assert (gpu.memory_total_bytes, gpu.memory_used_bytes, gpu.memory_free_bytes) == (80 * GIB, 20 * GIB, 60 * GIB)
    assert (gpu.utilization_percent, gpu.temperature_celsius, gpu.power_watts, gpu.fan_percent) == (37, 51, 120.5, 30)
    assert gpu.own_memory_bytes == 4 * GIB


def test_an_unsupported_value_is_none_and_a_lost_card_is_listed() -> None:
    quiet = Card("quiet", frozenset({"utilization", "temperature", "power", "fan", "processes"}))
    lost = Card("lost", frozenset({"memory"}))
    gpus, unavailable = Gpus(FakeNvml([lost, quiet])).read(set())
    assert [gpu.index for gpu in gpus] == [1]
    values = (gpus[0].utilization_percent, gpus[0].temperature_celsius, gpus[0].power_watts, gpus[0].fan_percent)
    assert values == (None, None, None, None)
    assert gpus[0].own_memory_bytes is None
    assert unavailable == ("gpu 0: the card does not respond (Not Supported)",)


def test_the_servers_own_memory_is_read_for_each_card() -> None:
    first = Card("first", processes=[Process(10, GIB)])
    second = Card("second", processes=[Process(10, 2 * GIB), Process(99, 4 * GIB)])
    gpus, unavailable = Gpus(FakeNvml([first, second])).read({10})
    assert [(gpu.index, gpu.name, gpu.own_memory_bytes) for gpu in gpus] == [(0, "first", GIB), (1, "second", 2 * GIB)]
    assert unavailable == ()


@pytest.mark.parametrize("call", ["handle", "memory", "name"])
def test_a_card_that_fails_for_a_while_does_not_affect_the_other(call: str) -> None:
    failing, sound = Card("failing"), Card("sound")
    gpus = Gpus(FakeNvml([failing, sound]))
    assert len(gpus.read(set())[0]) == 2
    failing.unsupported = frozenset({call})
    remaining, unavailable = gpus.read(set())
    assert [gpu.name for gpu in remaining] == ["sound"]
    assert unavailable == ("gpu 0: the card does not respond (Not Supported)",)
    failing.unsupported = frozenset()
    assert len(gpus.read(set())[0]) == 2


def test_a_partitioned_card_reports_its_memory_but_no_utilization() -> None:
    sliced = Card("NVIDIA H200 (MIG)", frozenset({"utilization", "fan"}), [Process(10, None)])
    (gpu,), unavailable = Gpus(FakeNvml([sliced])).read({10})
    assert (gpu.memory_total_bytes, gpu.temperature_celsius) == (80 * GIB, 51)
    assert (gpu.utilization_percent, gpu.fan_percent, gpu.own_memory_bytes) == (None, None, None)
    assert unavailable == ()


def test_a_driver_that_lost_all_cards_is_reopened() -> None:
    card = Card()
    nvml = FakeNvml([card])
    gpus = Gpus(nvml)
    gpus.read(set())
    card.unsupported = frozenset({"handle"})
    assert gpus.read(set())[0] == ()
    card.unsupported = frozenset()
    assert len(gpus.read(set())[0]) == 1
    assert (nvml.opened, nvml.times_opened) == (1, 2)


def test_own_memory_is_unknown_if_the_driver_does_not_report_processes() -> None:
    gpus, _ = Gpus(FakeNvml([Card(processes=[Process(10, None)])])).read({10})
    assert gpus[0].own_memory_bytes is None


def test_a_driver_that_is_loaded_later_is_found_and_closed_at_the_end() -> None:
    nvml = FakeNvml([Card()], has_driver=False)
    gpus = Gpus(nvml)
    assert gpus.read(set())[0] == ()
    nvml.has_driver = True
    assert len(gpus.read(set())[0]) == 1
    assert len(gpus.read(set())[0]) == 1
    assert nvml.opened == 1
    gpus.close()
    assert nvml.opened == 0


def test_a_driver_without_cards_is_listed() -> None:
    assert Gpus(FakeNvml()).read(set()) == ((), ("gpus: the NVIDIA driver lists no GPU",))


def test_the_real_library_has_all_functions_that_are_used() -> None:
    nvml = system_nvml()
    for name in dir(FakeNvml()):
        if name.startswith("nvml"):
            assert callable(getattr(nvml, name)), name
    assert issubclass(nvml.NVMLError, Exception)


def test_temperatures_without_a_number_and_impossible_bounds_are_dropped() -> None:
    readings, unavailable = read_temperatures(laptop_sensors)
    assert unavailable == ()
    values = [(each.sensor, each.label, each.current_celsius, each.critical_celsius) for each in readings]
    assert values == [
        ("coretemp", "Core 0", 55.0, 105.0),
        ("coretemp", "Package id 0", 61.0, 105.0),
        ("nvme", "Composite", 38.0, None),
        ("acpitz", "acpitz", 27.8, None),
    ]


def test_the_temperature_of_the_processor_is_that_of_its_package(tmp_path: Path) -> None:
    machine = Machine({"data": tmp_path}, FakeNvml(), laptop_sensors)
    assert machine.read([]).cpu.temperature_celsius == 61.0


def test_failing_sensors_are_listed() -> None:
    def broken() -> dict[str, list[object]]:
        raise OSError("no such device")

    assert read_temperatures(broken) == ((), ("temperatures: the sensors cannot be read (no such device)",))  # type: ignore[arg-type]
    assert isinstance(system_sensors(), dict)


def test_a_disk_that_cannot_be_read_is_listed(tmp_path: Path) -> None:
    machine = Machine({"data": tmp_path / ("x" * 5000)}, FakeNvml(), no_sensors)
    reading = machine.read([])
    assert reading.disks == ()
    assert reading.unavailable[-1] == "disk of data: File name too long"


def test_workers_are_read_by_purpose_and_ended_ones_are_left_out() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        processes = Processes()
        children = processes.read([make_worker(child.pid), make_worker(None), make_worker(2**22 + 1)]).children
        assert [(each.pid, each.purpose, each.restarts) for each in children] == [(child.pid, WorkerPurpose.PARSING, 2)]
        assert children[0].resident_bytes > 0
        child.kill()
    assert processes.read([make_worker(child.pid)]).children == ()


@pytest.mark.parametrize("busy", [True, False])
def test_the_usage_of_a_busy_worker_is_measured(busy: bool) -> None:
    program = "print(flush=True)\n" + ("while True: pass" if busy else "input()")
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()  # The start of the interpreter is not measured.
        processes = Processes()
        processes.reset([make_worker(child.pid)])
        seen = 0.0
        for _ in range(200 if busy else 3):
            subprocess.run(["sleep", "0.05"], check=True)
            seen = max(seen, processes.read([make_worker(child.pid)]).children[0].cpu_percent)
            if seen > 20:
                break
        child.kill()
    assert (seen > 20) is busy
