"""The usage of answers is counted whatever their end, and limits of it refuse further answers."""

import asyncio
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from persistence.access.daily_usage import add_usage
from persistence.database.database import Database
from persistence.database.sqlite import execute
from records.access.usage import DailyUsage, UsageLimits
from records.errors import Busy, RateLimited
from records.session import MessageStatus, SamplingSettings, SessionSettings, ThinkingMode
from tests.access import LOCAL, STRANGER, add_stranger
from tests.fakes.inference import FakeInference, Script
from tests.services.answers.harness import AnswersHarness, exchange, open_harness


def gated(*words: str) -> tuple[FakeInference, anyio.Event]:
    """Return a model that waits before its last word, and the event that it waits for."""
    gate = anyio.Event()
    return FakeInference(Script(words or ("Hello", " world."), gate=gate)), gate


async def today(harness: AnswersHarness) -> DailyUsage:
    return await harness.stores.usage.of_day(LOCAL, datetime.now(UTC).date())


async def test_a_completed_answer_counts_its_tokens(database: Database) -> None:
    async with open_harness(database) as harness:
        answer = await exchange(harness, (await harness.session()).id)
        generation = (await harness.stores.messages.get(LOCAL, answer)).generation
        assert generation is not None
        used = await today(harness)
        assert (used.answers, used.failed_answers) == (1, 0)
        assert (used.prompt_tokens, used.completion_tokens) == (generation.usage.prompt_tokens, 2)


async def test_a_separate_reasoning_counts_with_its_prompt(database: Database) -> None:
    settings = SessionSettings(thinking_mode=ThinkingMode.COT, sampling=SamplingSettings(max_tokens=50))
    async with open_harness(database) as harness:
        session = await harness.stores.sessions.create(LOCAL, "Bolts", (), settings)
        answer = await exchange(harness, session.id)
        generation = (await harness.stores.messages.get(LOCAL, answer)).generation
        assert generation is not None
        used = await today(harness)
        assert used.completion_tokens == 2 * len(Script().words)
        assert used.prompt_tokens > generation.usage.prompt_tokens


@pytest.mark.parametrize("end", ["canceled", "deleted"])
async def test_an_answer_that_is_stopped_counts_its_tokens_until_then(database: Database, end: str) -> None:
    inference, gate = gated("Hello", " big", " world.")
    async with open_harness(database, inference=inference) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        await harness.until_content(answer.id, "Hello big")
        if end == "canceled":
            await harness.answers.cancel_generation(LOCAL, answer.id)
        else:
            await harness.stores.sessions.delete(LOCAL, session.id)
            gate.set()
            await harness.until_idle()
        used = await today(harness)
        assert (used.answers, used.failed_answers) == (1, 0)
        assert used.completion_tokens == (2 if end == "canceled" else 3)
        assert used.prompt_tokens > 0


async def test_a_failed_answer_counts_as_failed_and_with_its_tokens(database: Database) -> None:
    inference = FakeInference(Script(error=RuntimeError("a bug")))
    async with open_harness(database, inference=inference) as harness:
        await exchange(harness, (await harness.session()).id)
        used = await today(harness)
        assert (used.answers, used.failed_answers, used.completion_tokens) == (1, 1, 1)


async def test_an_interrupted_answer_counts_as_failed(database: Database) -> None:
    inference, _ = gated()
    async with open_harness(database, inference=inference) as harness:
        await harness.send((await harness.session()).id)
    async with open_harness(database) as harness:
        used = await today(harness)
        assert (used.answers, used.failed_answers) == (1, 1)


async def test_an_exchange_that_is_deleted_or_repeated_counts_once(database: Database) -> None:
    async with open_harness(database) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id, "key")
        await harness.until_idle()
        await harness.send(session.id, "key")
        await harness.answers.delete_message(LOCAL, answer.id)
        assert (await today(harness)).answers == 1


# ── limits ──


async def send_at_once(harness: AnswersHarness, count: int) -> list[object]:
    """Send a prompt in each of `count` sessions at the same time; return the exchanges and the errors."""
    sessions = [await harness.session() for _ in range(count)]
    return list(await asyncio.gather(*(harness.send(each.id) for each in sessions), return_exceptions=True))


@pytest.mark.parametrize("limits", [UsageLimits(daily_answers=3), UsageLimits(concurrent_answers=3)])
async def test_of_twenty_prompts_at_once_exactly_as_many_as_the_limit_are_answered(
    database: Database, limits: UsageLimits
) -> None:
    inference, gate = gated()
    async with open_harness(database, inference=inference, limits=limits) as harness:
        ends = await send_at_once(harness, 20)
        refused = [end for end in ends if isinstance(end, RateLimited)]
        assert (len(ends) - len(refused), len(refused)) == (3, 17)
        assert harness.answers.running == 3
        gate.set()
        await harness.until_idle()
        assert (await today(harness)).answers == 3


async def test_a_further_answer_may_start_when_one_of_the_concurrent_ones_has_ended(database: Database) -> None:
    inference, gate = gated()
    async with open_harness(database, inference=inference, limits=UsageLimits(concurrent_answers=1)) as harness:
        first, second = await harness.session(), await harness.session()
        await harness.send(first.id)
        with pytest.raises(RateLimited, match=r"1 unfinished answers at a time. You have 1. Wait until one"):
            await harness.send(second.id)
        gate.set()
        await harness.until_idle()
        await harness.check_usable(second.id)


async def test_the_limit_of_tokens_refuses_the_next_answer_but_does_not_end_a_running_one(database: Database) -> None:
    async with open_harness(database, limits=UsageLimits(daily_tokens=3)) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        assert (await harness.check_ended(answer.id)).status is MessageStatus.COMPLETED
        with pytest.raises(RateLimited, match=r"Each user may use 3 tokens a day. You have used \d+ today. The count"):
            await harness.send(session.id)
        assert await harness.stores.messages.count(LOCAL, session.id) == 2


async def test_a_refusal_states_the_limit_the_usage_and_when_the_count_starts_again(database: Database) -> None:
    async with open_harness(database, limits=UsageLimits(daily_answers=1)) as harness:
        session = await harness.session()
        await exchange(harness, session.id)
        now = datetime.now(UTC)
        with pytest.raises(RateLimited) as refusal:
            await harness.send(session.id)
        tomorrow = (now + timedelta(days=1)).date()
        assert refusal.value.message == (
            f"Each user may use 1 answers a day. You have used 1 today. The count starts again at {tomorrow} 00:00 UTC."
        )
        assert 0 < refusal.value.retry_after_ms <= 24 * 3600 * 1000


async def test_the_usage_of_other_days_and_users_does_not_count(database: Database) -> None:
    await add_stranger(database)
    async with open_harness(database, limits=UsageLimits(daily_answers=1, daily_tokens=100)) as harness:
        async with database.writing() as transaction:
            await add_usage(transaction, LOCAL, DailyUsage(5, 0, 500, 500, 0))
            await execute(transaction, "UPDATE daily_usage SET day = '2026-01-01'")
            await add_usage(transaction, STRANGER, DailyUsage(5, 0, 500, 500, 0))
        session = await harness.session()
        await harness.check_usable(session.id)
        theirs = await harness.session(STRANGER)
        with pytest.raises(RateLimited):
            await harness.send(theirs.id, scope=STRANGER)


async def test_a_repeated_key_returns_its_exchange_even_at_the_limit(database: Database) -> None:
    async with open_harness(database, limits=UsageLimits(daily_answers=1)) as harness:
        session = await harness.session()
        first = await harness.send(session.id, "key")
        await harness.until_idle()
        assert (await harness.send(session.id, "key"))[1].id == first[1].id


async def test_with_accounts_one_user_has_half_of_the_places(database: Database) -> None:
    await add_stranger(database)
    inference, gate = gated()
    async with open_harness(database, inference=inference, limit=4, has_several_users=True) as harness:
        ends = await send_at_once(harness, 4)
        refused = [end for end in ends if isinstance(end, Busy)]
        assert [each.message for each in refused] == [
            "2 of your answers are running or waiting, which is the limit of one user. Wait for one of them."
        ] * 2
        for _ in range(2):
            await harness.send((await harness.session(STRANGER)).id, scope=STRANGER)
        with pytest.raises(Busy, match="4 answers are running or waiting"):
            await harness.send((await harness.session(STRANGER)).id, scope=STRANGER)
        gate.set()
        await harness.until_idle()


async def test_without_accounts_one_user_has_all_places(database: Database) -> None:
    inference, gate = gated()
    async with open_harness(database, inference=inference, limit=4) as harness:
        ends = await send_at_once(harness, 5)
        assert sum(isinstance(end, Busy) for end in ends) == 1
        gate.set()
        await harness.until_idle()
