"""The log of a crashed worker contains code locations, but no text of the data that it processed."""

import pytest
from structlog.testing import capture_logs

from tests.workers import echo
from tests.workers.test_calls import spec
from workers import WorkerCallFailed, WorkerCrashed, open_worker
from workers.crash_output import error_locations

CANARY = "CANARY-1414213562"


def test_only_places_in_the_code_are_extracted() -> None:
    printed = f"""Traceback (most recent call last):
  File "/somewhere/engines/parsing/worker.py", line 52, in read
    raise ValueError("{CANARY}")
  File "/somewhere/{CANARY} name.txt", line 1, in read
ValueError: {CANARY}
{CANARY}.py:12: {CANARY}
Fatal Python error: Segmentation fault
Fatal Python error: {CANARY}
  File "/lib/python3.11/ctypes/__init__.py", line 519 in string_at
/build/ggml/src/ggml.c:1234: GGML_ASSERT({CANARY}) failed
"""
    assert error_locations(printed) == [
        "parsing/worker.py:52 read",
        "Segmentation fault",
        "ctypes/__init__.py:519 string_at",
        "ggml.c:1234",
    ]


def test_only_the_last_places_are_extracted() -> None:
    printed = "\n".join(f'  File "/a/b/c.py", line {line}, in f' for line in range(500))
    assert len(error_locations(printed)) == 40
    assert error_locations(printed)[-1] == "b/c.py:499 f"


@pytest.mark.parametrize("how", ["exit", "abort", "segfault"])
async def test_the_output_of_a_crashed_worker_is_not_logged(how: str) -> None:
    with capture_logs() as lines:
        async with open_worker(spec()) as worker:
            with pytest.raises(WorkerCrashed) as caught:
                await worker.call(echo.Crash(how, printing=f'{CANARY}\n  File "{CANARY}", line 1'), echo.Text)
    (line,) = [line for line in lines if line["event"] == "worker crashed"]
    assert CANARY in caught.value.output_tail, "the worker printed it"
    assert CANARY not in str(lines)
    assert any("echo.py" in place for place in line["where"]) is (how != "exit")


async def test_an_unexpected_exception_in_a_worker_is_logged_only_by_its_places() -> None:
    with capture_logs() as lines:
        async with open_worker(spec()) as worker:
            with pytest.raises(WorkerCallFailed) as caught:
                await worker.call(echo.Raise(CANARY), echo.Text)
    (line,) = lines
    assert line["error"] == "An unexpected KeyError occurred in the worker."
    assert any(place.startswith("workers/echo.py:") for place in line["where"])
    assert CANARY in caught.value.detail
    assert CANARY not in str(lines)


async def test_an_expected_failure_of_a_call_is_not_logged() -> None:
    with capture_logs() as lines:
        async with open_worker(spec()) as worker:
            with pytest.raises(WorkerCallFailed):
                await worker.call(echo.Fail(expected=True), echo.Text)
    assert lines == []
