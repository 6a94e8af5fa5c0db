"""The bytes of new documents are counted, and the limit of them refuses further ones. A duplicate costs nothing."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from persistence.database.database import Database
from records.access.usage import UsageLimits
from records.errors import RateLimited
from tests.access import LOCAL, STRANGER, add_stranger
from tests.services.ingestion.harness import IngestionHarness, open_harness, upload

TEN = UsageLimits(daily_upload_bytes=10)


async def uploaded(harness: IngestionHarness) -> int:
    return (await harness.stores.usage.of_day(LOCAL, datetime.now(UTC).date())).uploaded_bytes


async def test_new_documents_count_and_duplicates_do_not(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path) as harness:
        for content in (b"one", b"three", b"one"):
            await upload(harness, content)
        assert await uploaded(harness) == 8
        await harness.intake.add_text(LOCAL, "four")
        assert await uploaded(harness) == 12


async def test_a_document_beyond_the_limit_is_refused_and_leaves_nothing(database: Database, tmp_path: Path) -> None:
    async with open_harness(database, tmp_path, limits=TEN) as harness:
        await upload(harness, b"12345678")
        with pytest.raises(RateLimited) as refusal:
            await upload(harness, b"abc")
        assert refusal.value.message.startswith(
            "Each user may use 10 bytes of new documents a day. You have used 8 today. The 2 that are left are too few for "
            "this upload. The count starts again at "
        )
        with pytest.raises(RateLimited):
            await harness.intake.add_text(LOCAL, "a text")
        await upload(harness, b"12345678")
        assert await uploaded(harness) == 8
        await harness.check_consistent()


async def test_the_limit_is_that_of_each_user(database: Database, tmp_path: Path) -> None:
    await add_stranger(database)
    async with open_harness(database, tmp_path, limits=TEN) as harness:
        await upload(harness, b"12345678")
        await harness.intake.add_file(STRANGER, harness.received(b"12345678"))


async def test_of_uploads_at_the_same_time_only_those_within_the_limit_are_stored(
    database: Database, tmp_path: Path
) -> None:
    async with open_harness(database, tmp_path, limits=TEN) as harness:
        ends = await asyncio.gather(
            *(upload(harness, f"{number:03}".encode()) for number in range(20)), return_exceptions=True
        )
        assert sum(isinstance(end, RateLimited) for end in ends) == 17
        assert await uploaded(harness) == 9
        await harness.check_consistent()
