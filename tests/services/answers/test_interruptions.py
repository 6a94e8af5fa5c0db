"""Clients that disconnect during a request: started changes are completed, and acknowledged ones are not lost."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
import pytest

from persistence.database.database import Database
from records.session import MessageStatus
from tests.access import LOCAL
from tests.fakes.faults import cancel_by_scope_at, cancel_natively_at
from tests.fakes.inference import Script
from tests.services.answers.harness import exchange, open_faulty

COMPLETED, CANCELED = MessageStatus.COMPLETED, MessageStatus.CANCELED
MAX_STEPS = 200

CancelAt = Callable[[Coroutine[Any, Any, Any], int], Awaitable[tuple[bool, Any]]]
CANCEL_WAYS = pytest.mark.parametrize("cancel_at", [cancel_natively_at, cancel_by_scope_at])

pytestmark = pytest.mark.usefixtures("captured_logs")


@CANCEL_WAYS
async def test_a_client_that_disconnects_at_any_step_of_sending_loses_nothing(
    database: Database, cancel_at: CancelAt
) -> None:
    async with open_faulty(database) as (harness, _):
        for step in range(1, MAX_STEPS):
            session = await harness.session()
            reached, _ = await cancel_at(harness.send(session.id, "key"), step)
            _, answer = await harness.send(session.id, "key")
            assert (await harness.check_ended(answer.id)).status is COMPLETED
            assert await harness.stores.messages.count(LOCAL, session.id) == 2, (
                "the retry returns the exchange that was stored"
            )
            await harness.check_usable(session.id)
            if not reached:
                return
        raise AssertionError("the request has more steps than expected")


@CANCEL_WAYS
async def test_a_client_that_disconnects_at_any_step_of_canceling_does_not_keep_the_answer_running(
    database: Database, cancel_at: CancelAt
) -> None:
    async with open_faulty(database, Script(gate=anyio.Event())) as (harness, _):
        for step in range(1, MAX_STEPS):
            _, answer = await harness.send((await harness.session()).id)
            reached, _ = await cancel_at(harness.answers.cancel_generation(LOCAL, answer.id), step)
            assert (await harness.check_ended(answer.id)).status is CANCELED
            if not reached:
                return
        raise AssertionError("the request has more steps than expected")


@CANCEL_WAYS
async def test_a_client_that_disconnects_at_any_step_of_deleting_leaves_the_exchange_complete_or_deleted(
    database: Database, cancel_at: CancelAt
) -> None:
    async with open_faulty(database) as (harness, _):
        for step in range(1, MAX_STEPS):
            session = await harness.session()
            answer = await exchange(harness, session.id)
            reached, _ = await cancel_at(harness.answers.delete_message(LOCAL, answer), step)
            while await harness.stores.messages.find(LOCAL, answer) is not None:
                await anyio.sleep(0.001)
            assert await harness.stores.messages.count(LOCAL, session.id) == 0, "a deletion that has begun is completed"
            await harness.check_usable(session.id)
            if not reached:
                return
        raise AssertionError("the request has more steps than expected")


@CANCEL_WAYS
async def test_a_follower_that_disconnects_at_any_step_affects_no_other(
    database: Database, cancel_at: CancelAt
) -> None:
    async with open_faulty(database) as (harness, _):
        session = await harness.session()
        for step in range(1, MAX_STEPS):
            _, answer = await harness.send(session.id)
            reached, _ = await cancel_at(harness.events(answer.id), step)
            assert (await harness.check_ended(answer.id)).status is COMPLETED
            if not reached:
                return
        raise AssertionError("the request has more steps than expected")
