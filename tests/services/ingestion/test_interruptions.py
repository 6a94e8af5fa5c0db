"""Clients that disconnect, killed workers and concurrent requests: each change is complete or was not started."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from records.codes import ErrorCode
from records.document import DocumentRecord, DocumentStatus
from records.errors import NotFound
from records.ids import DocumentId
from records.system import WorkerPurpose
from services.ingestion.embed_stage import BATCH
from services.worker_retry import MAX_ATTEMPTS
from tests.access import LOCAL
from tests.fakes.faults import cancel_by_scope_at, cancel_natively_at
from tests.services.ingestion.harness import IngestionHarness, open_faulty, run_all, upload
from workers import WorkerCrashed

READY, FAILED = DocumentStatus.READY, DocumentStatus.FAILED
CRASH = WorkerCrashed(WorkerPurpose.PARSING, "was ended by SIGKILL")
MAX_STEPS = 100

CancelAt = Callable[[Coroutine[Any, Any, Any], int], Awaitable[tuple[bool, Any]]]
CANCEL_WAYS = pytest.mark.parametrize("cancel_at", [cancel_natively_at, cancel_by_scope_at])

pytestmark = pytest.mark.usefixtures("captured_logs")


@CANCEL_WAYS
async def test_a_client_that_disconnects_at_any_step_of_an_upload_leaves_a_complete_document_or_none(
    template: Path, tmp_path: Path, cancel_at: CancelAt
) -> None:
    async with open_faulty(template, tmp_path) as (harness, _):
        for step in range(1, MAX_STEPS):
            content = b"Bolt %d takes 35 Nm." % step
            file = harness.received(content)
            reached, _result = await cancel_at(harness.intake.add_file(LOCAL, file), step)
            file.path.unlink(missing_ok=True)  # as the transport does at the end of the request
            await harness.check_consistent()
            document, _ = await harness.intake.add_file(LOCAL, harness.received(content))
            await harness.check_usable(document)
            await harness.check_consistent()
            if not reached:
                return
        raise AssertionError("the request has more steps than expected")


@CANCEL_WAYS
async def test_a_client_that_disconnects_at_any_step_of_a_text_import_leaves_a_complete_document_or_none(
    template: Path, tmp_path: Path, cancel_at: CancelAt
) -> None:
    async with open_faulty(template, tmp_path) as (harness, _):
        for step in range(1, MAX_STEPS):
            reached, _result = await cancel_at(harness.intake.add_text(LOCAL, f"Bolt {step} takes 35 Nm."), step)
            await harness.check_consistent()
            if not reached:
                return
        raise AssertionError("the request has more steps than expected")


def change(harness: IngestionHarness, document: DocumentRecord, action: str) -> Coroutine[Any, Any, Any]:
    match action:
        case "delete":
            return harness.ingestion.delete_document(LOCAL, document.id)
        case "cancel":
            return harness.ingestion.cancel_ingestion(LOCAL, document.id)
        case _:
            return harness.ingestion.reprocess_document(LOCAL, document.id, None)


@CANCEL_WAYS
@pytest.mark.parametrize("action", ["delete", "cancel", "reprocess"])
async def test_a_client_that_disconnects_at_any_step_of_a_change_leaves_it_complete_or_not_started(
    template: Path, tmp_path: Path, cancel_at: CancelAt, action: str
) -> None:
    async with open_faulty(template, tmp_path) as (harness, _):
        for step in range(1, MAX_STEPS):
            if action == "cancel":
                harness.small.gate.close()
            document = await upload(harness, b"Bolt %d takes 35 Nm." % step)
            if action != "cancel":
                await harness.until(document, READY)
            reached, _result = await cancel_at(change(harness, document, action), step)
            harness.small.gate.open()
            while action == "delete" and await harness.stores.documents.find(LOCAL, document.id) is not None:
                await anyio.sleep(0.01)
            if action != "delete":
                await harness.check_usable(document)
            if not reached:
                return
        raise AssertionError("the request has more steps than expected")


@pytest.mark.parametrize("crashes", [1, MAX_ATTEMPTS])
async def test_a_parser_that_is_killed_after_any_chunk_is_repeated_or_fails_the_document(
    template: Path, tmp_path: Path, crashes: int
) -> None:
    async def scenario(chunk: int) -> None:
        async with open_faulty(template, tmp_path / str(chunk)) as (harness, _):
            harness.small.crash(CRASH, after=chunk, times=crashes)
            document = await harness.until(await upload(harness), READY, FAILED)
            if crashes < MAX_ATTEMPTS:
                assert (document.status, document.chunk_count) == (READY, 3)
            else:
                assert document.error is not None
                assert (document.status, document.error.code) == (FAILED, ErrorCode.WORKER_CRASHED)
                assert await harness.stores.found("bolt") == []
            await harness.check_usable(document)

    await run_all([partial(scenario, chunk) for chunk in range(4)])


@pytest.mark.parametrize("crashes", [1, MAX_ATTEMPTS])
async def test_an_embedder_that_is_killed_at_any_batch_is_repeated_or_fails_the_document(
    template: Path, tmp_path: Path, crashes: int
) -> None:
    async def scenario(batch: int) -> None:
        async with open_faulty(template, tmp_path / str(batch)) as (harness, _):
            harness.embedder.crash(after=batch, times=crashes)
            content = "\n".join(f"Bolt {number}" for number in range(2 * BATCH)).encode()
            document = await harness.until(await upload(harness, content), READY, FAILED)
            assert document.status is (READY if crashes < MAX_ATTEMPTS else FAILED)
            await harness.check_usable(document)

    await run_all([partial(scenario, batch) for batch in range(2)])


async def test_a_deletion_during_an_upload_of_the_same_bytes_keeps_the_file_of_the_new_document(
    template: Path, tmp_path: Path
) -> None:
    async with open_faulty(template, tmp_path) as (harness, _):
        for delay in range(0, 40, 2):
            old = await upload(harness)
            await harness.until(old, READY)
            await harness.until_idle()
            new = await at_once(harness, old, delay)
            await harness.until_idle()
            if new.id == old.id:
                assert await harness.stores.documents.find(LOCAL, old.id) is None, (
                    "the duplicate was found before the deletion"
                )
            else:
                await harness.check_usable(new)
                await harness.ingestion.delete_document(LOCAL, new.id)
            await harness.check_consistent()


async def at_once(harness: IngestionHarness, old: DocumentRecord, delay: int) -> DocumentRecord:
    """Delete a document, and upload its bytes `delay` steps of the event loop later. Return the uploaded document."""

    async def upload_later() -> DocumentRecord:
        for _ in range(delay):
            await asyncio.sleep(0)
        return await upload(harness)

    deletion, new = await asyncio.gather(
        harness.ingestion.delete_document(LOCAL, old.id), upload_later(), return_exceptions=True
    )
    assert not isinstance(deletion, BaseException)
    assert not isinstance(new, BaseException)
    return new


async def test_deleting_an_unknown_document_is_not_found(template: Path, tmp_path: Path) -> None:
    async with open_faulty(template, tmp_path) as (harness, _):
        for call in (harness.ingestion.delete_document, harness.ingestion.cancel_ingestion):
            with pytest.raises(NotFound):
                await call(LOCAL, DocumentId(404))
