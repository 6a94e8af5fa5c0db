"""Failing stores and full disks during ingestion: every job ends, and no document and no file is lost.

Scenarios run at the same time, each in a data folder of its own, because a failed job pauses for a second.
"""

from functools import partial
from pathlib import Path

import anyio
import pytest

from records.codes import ErrorCode
from records.document import DocumentStatus
from records.errors import DiskFull, ExpectedError, TooLarge
from services.ingestion import IncomingFiles
from tests.access import LOCAL
from tests.fakes.faults import Fault
from tests.services.ingestion.harness import open_faulty, run_all, upload
from tests.support.small_disk import small_disk

READY, FAILED, DELETING = DocumentStatus.READY, DocumentStatus.FAILED, DocumentStatus.DELETING
OTHER = b"Washers are on shelf 9."
INJECTED = (DiskFull, OSError)

pytestmark = pytest.mark.usefixtures("captured_logs")


async def calls_of_an_upload(template: Path, folder: Path) -> int:
    """Return the number of calls of the stores from an upload to READY."""
    async with open_faulty(template, folder / "count") as (harness, faults):
        await harness.until_idle()
        before = len(faults.calls)
        await harness.until(await upload(harness), READY)
        return len(faults.calls) - before


@pytest.mark.parametrize("fault", [Fault.INPUT_OUTPUT_ERROR, Fault.LOST_ACKNOWLEDGEMENT])
async def test_any_failing_call_of_a_store_delays_a_document_or_fails_it_and_never_loses_it(
    template: Path, tmp_path: Path, fault: Fault
) -> None:
    async def scenario(number: int) -> None:
        async with open_faulty(template, tmp_path / str(number)) as (harness, faults):
            faults.fail_call(number, fault)
            try:
                document = await upload(harness)
            except INJECTED:
                faults.clear()
                document = await upload(harness)
            await harness.check_usable(document)

    calls = await calls_of_an_upload(template, tmp_path)
    assert calls > 15
    await run_all([partial(scenario, number) for number in range(calls)])


async def test_a_disk_that_fills_at_any_call_delays_a_document_or_fails_it_until_there_is_room(
    template: Path, tmp_path: Path
) -> None:
    async def scenario(number: int) -> None:
        async with open_faulty(template, tmp_path / str(number)) as (harness, faults):
            with faults.full_disk(after=number):
                try:
                    document = await upload(harness)
                except DiskFull:
                    document = None
                await anyio.sleep(0.3)
            document = document or await upload(harness)
            await harness.check_usable(document)

    calls = await calls_of_an_upload(template, tmp_path)
    await run_all([partial(scenario, number) for number in range(calls)])


async def test_a_job_that_fails_on_a_full_disk_is_stored_as_failed_when_there_is_room(
    template: Path, tmp_path: Path
) -> None:
    async with open_faulty(template, tmp_path) as (harness, faults):
        harness.small.gate.close()
        document = await upload(harness)
        await harness.small.gate.reached.wait()
        with faults.full_disk():
            harness.small.gate.open()
            await anyio.sleep(0.1)
            assert await harness.status(document) is not FAILED
            with pytest.raises(DiskFull):
                await upload(harness, OTHER)
        failed = await harness.until(document, FAILED)
        assert failed.error is not None
        assert (failed.error.code, failed.error.retryable) == (ErrorCode.DISK_FULL, True)
        assert harness.small.parsed_names == ["bolts.txt"], "the failure is stored; the work is not repeated"
        await harness.check_usable(failed)


@pytest.mark.parametrize("fault", Fault)
async def test_any_failing_call_of_a_deletion_leaves_the_document_complete_or_deleted(
    template: Path, tmp_path: Path, fault: Fault
) -> None:
    async def scenario(number: int) -> None:
        async with open_faulty(template, tmp_path / str(number)) as (harness, faults):
            document = await upload(harness)
            await harness.until(document, READY)
            await harness.until_idle()
            faults.fail_call(number, fault)
            try:
                await harness.ingestion.delete_document(LOCAL, document.id)
                is_gone = True
            except INJECTED:
                is_gone = await harness.is_hidden(document.id)
            faults.clear()
            await harness.until_idle()
            assert (await harness.stores.documents.find(LOCAL, document.id) is None) is is_gone
            await harness.check_usable(await upload(harness))

    await run_all([partial(scenario, number) for number in range(12)])


async def test_a_deletion_that_a_full_disk_stops_is_completed_when_there_is_room(
    template: Path, tmp_path: Path
) -> None:
    async with open_faulty(template, tmp_path) as (harness, faults):
        document = await upload(harness)
        await harness.until(document, READY)
        with faults.full_disk("IngestedDocuments.erase"):
            with pytest.raises(DiskFull):
                await harness.ingestion.delete_document(LOCAL, document.id)
            assert await harness.status(document) is DELETING
            assert await harness.stores.found("bolt") == []
        await harness.until_idle()
        assert await harness.stores.documents.find(LOCAL, document.id) is None


async def receive(files: IncomingFiles, *blocks: bytes) -> None:
    with files.receive("file") as file:
        for block in blocks:
            await file.write(block)
        await file.finish("large.bin")


async def test_an_incoming_file_on_a_real_full_disk_is_removed(template: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", template, 4 << 20) as disk:
        files = IncomingFiles(disk.folder / "incoming", 64 << 20)
        for blocks in (8, 2):
            with pytest.raises(DiskFull):
                await receive(files, *[b"x" * (1 << 20)] * blocks)
            assert list((disk.folder / "incoming").iterdir()) == []
            disk.fill()


async def test_ingestion_survives_a_real_full_disk(template: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", template, 16 << 20) as disk:
        async with open_faulty(template, disk.folder) as (harness, _):
            document = await upload(harness)
            await harness.until(document, READY)
            harness.small.gate.close()
            second = await upload(harness, b"\n".join(b"Bolt %d" % number for number in range(500)))
            await harness.small.gate.reached.wait()
            disk.fill()
            harness.small.gate.open()
            await anyio.sleep(0.3)
            with pytest.raises(ExpectedError):
                await harness.intake.add_text(LOCAL, "More bolts. " * 50_000)
            with pytest.raises(DiskFull):
                await harness.ingestion.delete_document(LOCAL, document.id)
            disk.free()
            await harness.check_usable(second)
            await harness.ingestion.delete_document(LOCAL, document.id)
            await harness.check_usable(await upload(harness, OTHER))


async def test_a_received_file_is_removed_when_its_limit_is_exceeded(tmp_path: Path) -> None:
    files = IncomingFiles(tmp_path / "incoming", 100)
    with pytest.raises(TooLarge):
        await receive(files, b"x" * 60, b"x" * 60)
    assert list((tmp_path / "incoming").iterdir()) == []
