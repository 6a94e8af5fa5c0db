"""Every stream of changes begins with a snapshot, marks its end with SNAPSHOT_END, and misses no change."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest

from records.document import DocumentStatus
from records.events import Change, ChangeKind
from records.ids import DocumentId, SessionId
from records.page import Page
from records.session import SamplingSettings
from services.ingestion.document_events import DocumentEvents
from services.sessions import Sessions
from services.snapshot_stream import snapshot_then_live
from tests.access import LOCAL
from tests.fakes.collections import no_members
from tests.fakes.stores import FakeDocuments, FakeSessions
from tests.services.models.harness import FakeModelSettings, open_test_models
from tests.support.builders import make_document, make_session
from tests.support.models.tiny_gguf import TinyModel, write_tiny_gguf

Changes: TypeAlias = AsyncIterator[Change[Any]]


@dataclass(frozen=True)
class WatchedPair:
    """Two records of one kind that can be watched."""

    watch: Callable[[Any], AbstractAsyncContextManager[Changes]]
    change: Callable[[int], Awaitable[object]]
    "Stores and publishes a new state of the second record."
    state: Callable[[Any], int]
    "Returns the state of a record that `change` has stored."
    second: int | str
    "The id of the second record."


class Gate:
    """A point that a store reaches when it reads a page, and passes when the gate is open."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def pass_with(self, page: Page[Any]) -> Page[Any]:
        self.reached.set()
        await self.open.wait()
        return page


class GatedDocuments(FakeDocuments):
    gate: Gate

    async def page(self, *arguments: Any) -> Page[Any]:
        return await self.gate.pass_with(await super().page(*arguments))

    async def with_status(self, statuses: Any) -> tuple[Any, ...]:
        return tuple(document for document in self.rows.values() if document.status in statuses)


class GatedSessions(FakeSessions):
    gate: Gate

    async def page(self, *arguments: Any) -> Page[Any]:
        return await self.gate.pass_with(await super().page(*arguments))


@asynccontextmanager
async def documents(gate: Gate, folder: Path) -> AsyncIterator[WatchedPair]:
    store = GatedDocuments(make_document(), make_document(id=DocumentId(2), status=DocumentStatus.EMBEDDING))
    store.gate = gate
    events = DocumentEvents(cast(Any, store), no_members())

    async def change(state: int) -> None:
        events.publish_updated(store.put(replace(store.rows[DocumentId(2)], embedded_chunks=state)))

    yield WatchedPair(
        partial(events.watch, LOCAL),
        change,
        lambda document: int(document.embedded_chunks),
        DocumentId(2),
    )


@asynccontextmanager
async def sessions(gate: Gate, folder: Path) -> AsyncIterator[WatchedPair]:
    store = GatedSessions(make_session(), make_session(id=SessionId(2), name="0"))
    store.gate = gate
    service = Sessions(cast(Any, store))
    yield WatchedPair(
        partial(service.watch_sessions, LOCAL),
        lambda state: service.update_session(LOCAL, SessionId(2), name=str(state)),
        lambda session: int(session.name),
        SessionId(2),
    )


@asynccontextmanager
async def models(gate: Gate, folder: Path) -> AsyncIterator[WatchedPair]:
    write_tiny_gguf(folder / "alpha.gguf")
    write_tiny_gguf(folder / "beta.gguf", TinyModel(seed=2))
    async with open_test_models(folder, FakeModelSettings()) as service:
        _, second = await service.list_models()
        yield WatchedPair(
            service.watch_models,
            lambda state: service.update_model_settings(second.id, sampling=SamplingSettings(top_k=state)),
            lambda model: int(model.sampling.top_k),
            second.id,
        )


KINDS = pytest.mark.parametrize("kind", [documents, sessions, models])


async def until_state(
    pair: WatchedPair, changes: Changes, state: int, received: list[Change[Any]]
) -> list[Change[Any]]:
    """Receive changes until the second record has this state and the snapshot has ended; return all of them."""
    while True:
        latest = [each.record for each in received if each.key == pair.second]
        ended = any(each.kind is ChangeKind.SNAPSHOT_END for each in received)
        if ended and latest and pair.state(latest[-1]) == state:
            return received
        received.append(await anext(changes))


def is_well_formed(received: list[Change[Any]], records: int) -> bool:
    """Return whether the changes are a snapshot of `records` records, SNAPSHOT_END, and then updates only."""
    kinds = [each.kind for each in received]
    return kinds[: records + 1] == [ChangeKind.SNAPSHOT] * records + [ChangeKind.SNAPSHOT_END] and set(
        kinds[records + 1 :]
    ) <= {ChangeKind.UPDATED}


@KINDS
@pytest.mark.parametrize("read_before", range(4))
async def test_a_change_at_any_moment_of_the_snapshot_is_received(kind: Any, read_before: int, tmp_path: Path) -> None:
    async with kind(Gate(), tmp_path) as pair, pair.watch(None) as changes:
        received = [await anext(changes) for _ in range(read_before)]
        await pair.change(7)
        await pair.change(8)
        assert is_well_formed(await until_state(pair, changes, 8, received), 2)


@pytest.mark.parametrize("kind", [documents, sessions])
async def test_a_change_while_the_snapshot_is_read_is_received(kind: Any, tmp_path: Path) -> None:
    gate = Gate()
    gate.open.clear()
    async with kind(gate, tmp_path) as pair, asyncio.TaskGroup() as tasks:

        async def follow() -> list[Change[Any]]:
            async with pair.watch(None) as changes:
                return await until_state(pair, changes, 7, [])

        following = tasks.create_task(follow())
        await gate.reached.wait()
        await pair.change(7)
        gate.open.set()
        assert is_well_formed(await following, 2)


@KINDS
async def test_the_snapshot_of_one_record_is_that_record_and_the_end(kind: Any, tmp_path: Path) -> None:
    async with kind(Gate(), tmp_path) as pair, pair.watch(pair.second) as changes:
        await pair.change(7)
        received = await until_state(pair, changes, 7, [])
        assert is_well_formed(received, 1)
        assert received[0].key == pair.second


async def test_additions_and_removals_during_the_snapshot_are_received(tmp_path: Path) -> None:
    store = GatedDocuments(make_document())
    store.gate = Gate()
    events = DocumentEvents(cast(Any, store), no_members())
    async with events.watch(LOCAL, None) as changes:
        events.publish_removed(make_document())
        events.publish_added(replace(make_document(), id=DocumentId(2)))
        received = [await anext(changes) for _ in range(4)]
    assert [(each.kind, each.key) for each in received] == [
        (ChangeKind.SNAPSHOT, 1),
        (ChangeKind.SNAPSHOT_END, None),
        (ChangeKind.REMOVED, 1),
        (ChangeKind.ADDED, 2),
    ]


@pytest.mark.parametrize("read", [1, 3, 4], ids=["in the snapshot", "after the snapshot", "in the changes"])
async def test_closing_a_stream_closes_the_live_changes_with_it(read: int) -> None:
    closed: list[str] = []

    async def publish() -> AsyncGenerator[Change[int], None]:
        try:
            while True:
                yield Change(ChangeKind.UPDATED, 1, 1)
        finally:
            closed.append("live changes")

    live = publish()
    await anext(live)
    changes = snapshot_then_live([1, 2], lambda record: record, live)
    for _ in range(read):
        await anext(changes)
    await changes.aclose()
    assert closed == ["live changes"]
