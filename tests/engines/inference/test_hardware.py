"""The free memory of GPUs is that of the visible ones."""

from dataclasses import dataclass, field

import pytest

from engines.inference.hardware import available_memory, free_vram

GIB = 1024**3


class DriverError(Exception):
    pass


@dataclass
class MemoryInfo:
    free: int


@dataclass
class FakeDriver:
    """A fake NVIDIA driver with one GPU for each amount of free memory. Without GPUs its initialization fails."""

    free: list[int] = field(default_factory=list)
    is_open: bool = False
    NVMLError: type[Exception] = DriverError

    def nvmlInit(self) -> None:  # noqa: N802
        if not self.free:
            raise DriverError("Driver Not Loaded")
        self.is_open = True

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.is_open = False

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.free)

    def nvmlDeviceGetHandleByIndex(self, index: int, /) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetUUID(self, handle: int, /) -> str:  # noqa: N802
        return f"GPU-{handle}a7c"

    def nvmlDeviceGetMemoryInfo(self, handle: int, /) -> MemoryInfo:  # noqa: N802
        if self.free[handle] < 0:
            raise DriverError("GPU is lost")
        return MemoryInfo(self.free[handle])


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        (None, 7 * GIB),
        ("0,1", 7 * GIB),
        ("1", 4 * GIB),
        ("GPU-0", 3 * GIB),
        ("", None),
        ("-1", None),
        ("9", None),
    ],
)
def test_free_vram_is_the_sum_over_the_visible_gpus(visible: str | None, expected: int | None) -> None:
    driver = FakeDriver([3 * GIB, 4 * GIB])
    assert free_vram(driver, {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}) == expected
    assert not driver.is_open


@pytest.mark.parametrize("driver", [FakeDriver(), FakeDriver([-1])], ids=["no driver", "lost GPU"])
def test_there_is_no_vram_if_the_driver_does_not_answer(driver: FakeDriver) -> None:
    assert free_vram(driver, {}) is None
    assert not driver.is_open


@pytest.mark.parametrize(("has_cuda", "vram"), [(True, 7 * GIB), (False, None)])
def test_the_available_memory_includes_that_of_gpus_that_models_can_use(has_cuda: bool, vram: int | None) -> None:
    memory = available_memory(FakeDriver([3 * GIB, 4 * GIB]), {}, lambda: has_cuda)
    assert memory.vram == vram
    assert memory.ram > 0
