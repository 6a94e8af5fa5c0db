"""How busy others keep the machine: the server's own processes are left out, and a GPU counts where there is one."""

import os

import pytest

from records.system import WorkerPurpose, WorkerState, WorkerStatus
from services.indexing import MachineLoad
from tests.services.metrics.fakes import Card, FakeNvml

WORKER = WorkerStatus(WorkerPurpose.DOCUMENT_EMBEDDING, WorkerState.RUNNING, 4242, 0)
RESTING = WorkerStatus(WorkerPurpose.PARSING, WorkerState.RUNNING, None, 0)


class Processor:
    """Seconds of processor time, of the whole machine and by process."""

    def __init__(self) -> None:
        self.busy, self.total = 1000.0, 5000.0
        self.own: dict[int, float] = {os.getpid(): 100.0, 4242: 50.0}

    def load(self) -> MachineLoad:
        nvml = FakeNvml(has_driver=False)
        return MachineLoad(lambda: [WORKER, RESTING], nvml, lambda: (self.busy, self.total), self.own.get)


def test_what_the_servers_processes_use_is_left_out() -> None:
    processor = Processor()
    machine = processor.load()
    machine.read()
    processor.busy, processor.total = 1060.0, 5100.0
    processor.own |= {os.getpid(): 110.0, 4242: 90.0}
    assert machine.read().cpu == pytest.approx(10.0), "60 of 100 seconds were busy, 50 of them ours"


def test_a_process_that_ended_meanwhile_is_no_error() -> None:
    processor = Processor()
    machine = processor.load()
    machine.read()
    processor.busy, processor.total = 1001.0, 5010.0
    del processor.own[4242]
    assert machine.read().cpu == pytest.approx(10.0)


def test_two_readings_at_the_same_moment_tell_of_no_use() -> None:
    machine = Processor().load()
    assert [machine.read().cpu, machine.read().cpu] == [0.0, 0.0]


def test_the_real_processor_is_read_in_percent() -> None:
    machine = MachineLoad(lambda: [RESTING], FakeNvml(has_driver=False))
    load = machine.read()
    assert load.gpu is None
    assert 0.0 <= load.percent == load.cpu <= 100.0


def test_the_busiest_gpu_counts_and_one_that_does_not_tell_is_passed_over() -> None:
    nvml = FakeNvml(cards=[Card(), Card(unsupported=frozenset({"utilization"}))])
    machine = MachineLoad(list, nvml)
    assert (machine.read().gpu, machine.read().percent) == (37.0, 37.0)
    machine.close()
    assert nvml.opened == 0
