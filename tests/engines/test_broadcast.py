"""Changes reach every watcher, newest state first to survive; nobody holds up anybody."""

import asyncio

import pytest

from records.events import Change, ChangeKind
from services.broadcast import Broadcast


def changed(key: int, state: str, kind: ChangeKind = ChangeKind.UPDATED) -> Change[str]:
    return Change(kind, key, state)


async def test_a_watcher_gets_every_change_it_keeps_up_with() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.watch() as changes:
        for state in ("a", "b"):
            broadcast.publish(changed(1, state))
            assert (await anext(changes)).noun == state


async def test_a_slow_watcher_gets_the_newest_state_of_each_thing() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.watch() as changes:
        for number in range(1000):
            broadcast.publish(changed(number % 3, f"state {number}"))
        got = [await anext(changes) for _ in range(3)]
    assert {change.key: change.noun for change in got} == {0: "state 999", 1: "state 997", 2: "state 998"}


async def test_a_thing_whose_addition_was_not_read_yet_is_still_added() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.watch() as changes:
        broadcast.publish(changed(1, "new", ChangeKind.ADDED))
        broadcast.publish(changed(1, "newer"))
        assert await anext(changes) == Change(ChangeKind.ADDED, 1, "newer")


async def test_a_watcher_of_one_thing_hears_of_no_other() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.watch(2) as changes:
        broadcast.publish(changed(1, "other"))
        broadcast.publish(changed(2, "own"))
        assert (await anext(changes)).noun == "own"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(changes), 0.02)


async def test_leaving_takes_the_mailbox_away() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.watch():
        assert broadcast.watchers == 1
    assert broadcast.watchers == 0
