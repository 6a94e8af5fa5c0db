"""Collections and groups in memory: one of each, and services that return them without a change."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from records.access import (
    AccessLevel,
    AnyScope,
    CollectionRecord,
    CollectionSetting,
    CollectionStatistics,
    GrantRecord,
    GroupRecord,
)
from records.document import EraseReceipt
from records.events import Change, ChangeKind
from records.ids import CollectionId, GrantId, GroupId, SessionId, UserId
from records.session import SessionSettings
from services.collections import CollectionServices, CollectionStores
from services.erasure import SessionErasure
from services.memberships import Memberships
from tests.access import LOCAL
from tests.fakes.access import FakeList
from tests.support.builders import THEN

ME = LOCAL.user_id
GROUP = GroupRecord(GroupId(1), "Workshop", THEN)
COLLECTION = CollectionRecord(
    id=CollectionId(1),
    name="Manuals",
    description="Manuals of the workshop",
    settings=SessionSettings(system_prompt="Answer in one sentence.", top_k=7),
    hides_system_prompt=True,
    locked=(CollectionSetting.MODEL,),
    level=AccessLevel.MANAGE,
    creator_id=ME,
    created_at=THEN,
    updated_at=THEN,
)
GRANTS = (
    GrantRecord(GrantId(1), ME, None, AccessLevel.WRITE, ME, THEN),
    GrantRecord(GrantId(2), None, GROUP.id, AccessLevel.READ, ME, THEN),
)
STATISTICS = CollectionStatistics(3, 2, 40, 12_345, 5, 2, 17, THEN)


class FakeCollectionStore(FakeList[CollectionRecord]):
    """Collections. `of_sessions` are those of every session."""

    kind = "collection"

    def __init__(self, *records: CollectionRecord) -> None:
        super().__init__(*records)
        self.of_sessions: tuple[CollectionRecord, ...] = ()

    async def of_session(self, _: AnyScope, __: SessionId) -> tuple[CollectionRecord, ...]:
        return self.of_sessions

    async def require(self, scope: AnyScope, ids: Any, _: AccessLevel) -> None:
        for each in ids:
            await self.get(scope, each)

    async def statistics(self, *_: object) -> CollectionStatistics:
        return STATISTICS

    async def members(self) -> Mapping[CollectionId, Mapping[UserId, AccessLevel]]:
        return {}


class FakeGroupStore(FakeList[GroupRecord]):
    kind = "group"

    async def of_user(self, *_: object) -> tuple[GroupRecord, ...]:
        return tuple(self.rows.values())


class FakeCollectionChanges:
    """Returns the collection for each change, and remembers the arguments of the last one."""

    def __init__(self, store: FakeCollectionStore) -> None:
        self._store = store
        self.last: tuple[Any, ...] = ()

    async def create(self, _: object, __: object, *arguments: Any) -> CollectionRecord:
        self.last = arguments
        return COLLECTION

    async def _change(self, viewer: Any, _: object, *arguments: Any) -> CollectionRecord:
        self.last = arguments
        return await self._store.get(viewer.scope, arguments[0])

    async def update(self, viewer: Any, exchange: object, key: CollectionId, choose: Any) -> CollectionRecord:
        found = await self._change(viewer, exchange, key, choose)
        choose(found.fields)
        return found

    add_documents = remove_documents = grant = revoke = _change

    @asynccontextmanager
    async def watch(self, *_: object) -> AsyncIterator[AsyncGenerator[Change[CollectionRecord], None]]:
        async def changes() -> AsyncGenerator[Change[CollectionRecord], None]:
            yield Change(ChangeKind.SNAPSHOT, COLLECTION.id, COLLECTION)
            yield Change(ChangeKind.SNAPSHOT_END, None, None)

        yield changes()


class FakeGroups:
    """Returns the group for each change."""

    def __init__(self, store: FakeGroupStore) -> None:
        self._store = store

    async def create(self, *_: object) -> GroupRecord:
        return GROUP

    async def update(self, viewer: Any, _: object, group_id: GroupId, **__: object) -> GroupRecord:
        return await self._store.get(viewer.scope, group_id)

    async def delete(self, viewer: Any, _: object, group_id: GroupId) -> None:
        await self._store.get(viewer.scope, group_id)

    async def check_of_user(self, *_: object) -> None: ...
    async def set_of_user(self, *_: object) -> None: ...
    async def members_changed(self, *_: object) -> None: ...


def fake_collections() -> CollectionServices:
    """Return the services of one collection and one group."""
    collections, groups = FakeCollectionStore(COLLECTION), FakeGroupStore(GROUP)
    stores = CollectionStores(cast(Any, collections), cast(Any, FakeList(*GRANTS)), cast(Any, groups))
    changes: Any = FakeCollectionChanges(collections)
    return CollectionServices(stores, changes, cast(Any, FakeGroups(groups)), cast(Any, None))


class FakeErasure:
    """Erases nothing but sessions, whose erasure is real."""

    def __init__(self, sessions: SessionErasure, collections: FakeCollectionStore) -> None:
        self.sessions = sessions
        self._collections = collections

    async def delete_collection(self, viewer: Any, _: object, key: CollectionId, __: object) -> EraseReceipt:
        await self._collections.get(viewer.scope, key)
        return EraseReceipt(chunks=1)

    async def delete_user(self, *_: object) -> EraseReceipt:
        return EraseReceipt(messages=1)


def no_members() -> Memberships:
    """Return the members of a server without collections."""
    return Memberships(FakeCollectionStore(), {})
