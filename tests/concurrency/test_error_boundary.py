"""The error boundary of background work: everything unexpected is logged once with an id and reported."""

import anyio
import pytest
from structlog.testing import capture_logs

from concurrency import run_unit

SECRET = "swordfish"


class ReportFailed(Exception):
    """Raised by the failing report of these tests."""


async def succeed() -> None:
    await anyio.sleep(0)


async def fail() -> None:
    raise LookupError(SECRET)


async def test_work_that_ends_well_reports_nothing() -> None:
    reports: list[str] = []

    async def report(message: str) -> None:
        reports.append(message)

    with capture_logs() as lines:
        assert await run_unit(succeed, "indexing", report)
    assert (reports, lines) == ([], [])


async def test_an_unexpected_exception_is_reported_by_the_id_that_is_in_the_log() -> None:
    reports: list[str] = []

    async def report(message: str) -> None:
        reports.append(message)

    with capture_logs() as lines:
        assert not await run_unit(fail, "indexing", report)
    (line,), (message,) = lines, reports
    assert (line["event"], line["work"]) == ("unexpected error", "indexing")
    assert f"(id {line['incident']})" in message
    assert SECRET not in message


async def test_a_failing_report_is_logged_by_the_same_id() -> None:
    async def report(message: str) -> None:
        raise ReportFailed(message)

    with capture_logs() as lines:
        assert not await run_unit(fail, "indexing", report)
    assert [line["work"] for line in lines] == ["indexing", "report of indexing"]
    assert len({line["incident"] for line in lines}) == 1


async def test_cancellation_passes_the_boundary() -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await run_unit(anyio.sleep_forever, "indexing")
        pytest.fail("the boundary swallowed the cancellation")
    assert scope.cancelled_caught
