"""The load of the machine: the server's own processes are left out, and with a GPU only GPUs count."""

import os

import pytest

from records.system import WorkerPurpose, WorkerState, WorkerStatus
from services.indexing import MachineLoad
from tests.fakes.machine import Card, FakeNvml

WORKER = WorkerStatus(WorkerPurpose.DOCUMENT_EMBEDDING, WorkerState.RUNNING, 4242, 0)
IDLE_WORKER = WorkerStatus(WorkerPurpose.PARSING, WorkerState.RUNNING, None, 0)


class FakeProcessor:
    """Processor time in seconds: of the whole machine, and of each process."""

    def __init__(self) -> None:
        self.busy, self.total = 1000.0, 5000.0
        self.own: dict[int, float] = {os.getpid(): 100.0, 4242: 50.0}

    def make_meter(self) -> MachineLoad:
        nvml = FakeNvml(has_driver=False)
        return MachineLoad(lambda: [WORKER, IDLE_WORKER], nvml, lambda: (self.busy, self.total), self.own.get)


def test_the_load_of_the_servers_processes_is_left_out() -> None:
    processor = FakeProcessor()
    meter = processor.make_meter()
    meter.read()
    processor.busy, processor.total = 1060.0, 5100.0
    processor.own |= {os.getpid(): 110.0, 4242: 90.0}
    assert meter.read().cpu == pytest.approx(10.0), "60 of 100 seconds were busy, 50 of them by the server"


def test_a_process_that_ended_meanwhile_is_no_error() -> None:
    processor = FakeProcessor()
    meter = processor.make_meter()
    meter.read()
    processor.busy, processor.total = 1001.0, 5010.0
    del processor.own[4242]
    assert meter.read().cpu == pytest.approx(10.0)


def test_two_readings_at_the_same_time_report_no_load() -> None:
    meter = FakeProcessor().make_meter()
    assert [meter.read().cpu, meter.read().cpu] == [0.0, 0.0]


def test_the_real_processor_is_measured_in_percent() -> None:
    meter = MachineLoad(lambda: [IDLE_WORKER], FakeNvml(has_driver=False))
    load = meter.read()
    assert load.gpu is None
    assert 0.0 <= load.percent == load.cpu <= 100.0


def test_the_busiest_gpu_counts_and_gpus_without_utilization_are_ignored() -> None:
    nvml = FakeNvml(cards=[Card(), Card(unsupported=frozenset({"utilization"}))])
    meter = MachineLoad(list, nvml)
    assert (meter.read().gpu, meter.read().percent) == (37.0, 37.0)
    meter.close()
    assert nvml.opened == 0
