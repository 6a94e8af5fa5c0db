"""Broadcasts: every watcher receives the newest state of each record, and a slow watcher delays no other."""

from records.events import Change, ChangeKind
from services.broadcast import Broadcast


def changed(key: int, state: str, kind: ChangeKind = ChangeKind.UPDATED) -> Change[str]:
    return Change(kind, key, state)


async def test_a_fast_watcher_receives_every_change() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.watch() as changes:
        for state in ("a", "b"):
            broadcast.publish(changed(1, state))
            assert (await anext(changes)).record == state


async def test_a_slow_watcher_receives_the_newest_state_of_each_record() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.watch() as changes:
        for number in range(1000):
            broadcast.publish(changed(number % 3, f"state {number}"))
        received = [await anext(changes) for _ in range(3)]
    assert {change.key: change.record for change in received} == {0: "state 999", 1: "state 997", 2: "state 998"}


async def test_a_record_stays_added_until_its_addition_was_read() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.watch() as changes:
        broadcast.publish(changed(1, "new", ChangeKind.ADDED))
        broadcast.publish(changed(1, "newer"))
        assert await anext(changes) == Change(ChangeKind.ADDED, 1, "newer")


async def test_a_watcher_of_one_record_receives_no_other() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.watch(2) as changes:
        for state in ("first", "second"):
            broadcast.publish(changed(1, "other"))
            broadcast.publish(changed(2, state))
            broadcast.publish(changed(3, "other"))
            assert (await anext(changes)).record == state


async def test_a_watcher_that_leaves_removes_its_mailbox() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.watch():
        assert broadcast.watchers == 1
    assert broadcast.watchers == 0
