"""Every stream of changes begins with what there is, ends that with SNAPSHOT_END, and misses nothing meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
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
from tests.fakes.stores import FakeDocuments, FakeSessions
from tests.services.models.conftest import SettingsInMemory, opened
from tests.support.builders import make_document, make_session
from tests.support.tiny_gguf import TinyModel, write_tiny_gguf

Changes: TypeAlias = AsyncIterator[Change[Any]]


@dataclass(frozen=True)
class Watched:
    """Two things. `change` makes a new state of the second and tells it, `state` reads it off the record."""

    watch: Callable[[Any], AbstractAsyncContextManager[Changes]]
    change: Callable[[int], Awaitable[object]]
    state: Callable[[Any], int]
    second: int | str


class Gated:
    """A store whose pages are read when `begun` is set, and given when `gate` is."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def pass_with(self, page: Page[Any]) -> Page[Any]:
        self.begun.set()
        await self.gate.wait()
        return page


class GatedDocuments(FakeDocuments):
    gated: Gated

    async def page(self, *asked: Any) -> Page[Any]:
        return await self.gated.pass_with(await super().page(*asked))

    async def with_status(self, statuses: Any) -> tuple[Any, ...]:
        return tuple(document for document in self.rows.values() if document.status in statuses)


class GatedSessions(FakeSessions):
    gated: Gated

    async def page(self, *asked: Any) -> Page[Any]:
        return await self.gated.pass_with(await super().page(*asked))


@asynccontextmanager
async def documents(gated: Gated, folder: Path) -> AsyncIterator[Watched]:
    store = GatedDocuments(make_document(), make_document(id=DocumentId(2), status=DocumentStatus.EMBEDDING))
    store.gated = gated
    feed = DocumentEvents(cast(Any, store))
    yield Watched(
        feed.watch,
        lambda state: feed.after(store.update(DocumentId(2), embedded_chunks=state)),
        lambda document: int(document.embedded_chunks),
        DocumentId(2),
    )


@asynccontextmanager
async def sessions(gated: Gated, folder: Path) -> AsyncIterator[Watched]:
    store = GatedSessions(make_session(), make_session(id=SessionId(2), name="0"))
    store.gated = gated
    told = Sessions(cast(Any, store))
    yield Watched(
        told.watch_sessions,
        lambda state: told.update_session(SessionId(2), name=str(state)),
        lambda session: int(session.name),
        SessionId(2),
    )


@asynccontextmanager
async def models(gated: Gated, folder: Path) -> AsyncIterator[Watched]:
    write_tiny_gguf(folder / "alpha.gguf")
    write_tiny_gguf(folder / "beta.gguf", TinyModel(seed=2))
    async with opened(folder, SettingsInMemory()) as local:
        _, second = await local.list_models()
        yield Watched(
            local.watch_models,
            lambda state: local.update_model_settings(second.id, sampling=SamplingSettings(top_k=state)),
            lambda model: int(model.sampling.top_k),
            second.id,
        )


KINDS = pytest.mark.parametrize("kind", [documents, sessions, models])


async def until_state(watched: Watched, changes: Changes, state: int, told: list[Change[Any]]) -> list[Change[Any]]:
    """What was told and is told until the second thing is in this state and the snapshot has ended."""
    while True:
        latest = [each.noun for each in told if each.key == watched.second]
        ended = any(each.kind is ChangeKind.SNAPSHOT_END for each in told)
        if ended and latest and watched.state(latest[-1]) == state:
            return told
        told.append(await anext(changes))


def is_well_formed(told: list[Change[Any]], things: int) -> bool:
    """As many snapshots as things, the mark, and no snapshot or mark from there on."""
    kinds = [each.kind for each in told]
    return kinds[: things + 1] == [ChangeKind.SNAPSHOT] * things + [ChangeKind.SNAPSHOT_END] and set(
        kinds[things + 1 :]
    ) <= {ChangeKind.UPDATED}


@KINDS
@pytest.mark.parametrize("moment", range(4))
async def test_a_change_at_any_moment_of_the_snapshot_is_told(kind: Any, moment: int, tmp_path: Path) -> None:
    """`moment` events were read before it: none, one, the whole snapshot, its end."""
    async with kind(Gated(), tmp_path) as watched, watched.watch(None) as changes:
        told = [await anext(changes) for _ in range(moment)]
        await watched.change(7)
        await watched.change(8)
        assert is_well_formed(await until_state(watched, changes, 8, told), 2)


@pytest.mark.parametrize("kind", [documents, sessions])
async def test_a_change_while_the_snapshot_is_read_from_the_store_is_told(kind: Any, tmp_path: Path) -> None:
    gated = Gated()
    gated.gate.clear()
    async with kind(gated, tmp_path) as watched, asyncio.TaskGroup() as tasks:

        async def follow() -> list[Change[Any]]:
            async with watched.watch(None) as changes:
                return await until_state(watched, changes, 7, [])

        following = tasks.create_task(follow())
        await gated.begun.wait()
        await watched.change(7)
        gated.gate.set()
        assert is_well_formed(await following, 2)


@KINDS
async def test_the_snapshot_of_one_thing_is_that_thing_and_its_end(kind: Any, tmp_path: Path) -> None:
    async with kind(Gated(), tmp_path) as watched, watched.watch(watched.second) as changes:
        await watched.change(7)
        told = await until_state(watched, changes, 7, [])
        assert is_well_formed(told, 1)
        assert told[0].key == watched.second


async def test_what_is_new_or_gone_while_the_snapshot_is_sent_is_told(tmp_path: Path) -> None:
    store = GatedDocuments(make_document())
    store.gated = Gated()
    feed = DocumentEvents(cast(Any, store))
    async with feed.watch(None) as changes:
        feed.removed(DocumentId(1))
        feed.added(replace(make_document(), id=DocumentId(2)))
        told = [await anext(changes) for _ in range(4)]
    assert [(each.kind, each.key) for each in told] == [
        (ChangeKind.SNAPSHOT, 1),
        (ChangeKind.SNAPSHOT_END, None),
        (ChangeKind.REMOVED, 1),
        (ChangeKind.ADDED, 2),
    ]
