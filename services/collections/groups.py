"""Groups of users. A change of their members changes the access to collections."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from concurrency import OwnedTasks
from records.access import AuditAction, Exchange, GroupRecord, Viewer
from records.errors import Forbidden, NotFound
from records.ids import GroupId, UserId
from services.access.audit_log import AuditLog
from services.collections.collection_events import CollectionEvents
from services.interfaces.access.group_store import GroupStore

Result = TypeVar("Result")


class Groups:
    """Changes groups, for administrators only: the root fields require the role."""

    def __init__(self, store: GroupStore, events: CollectionEvents, audit: AuditLog, tasks: OwnedTasks) -> None:
        """Create the service. `tasks` runs each change to its end, even if the client goes away."""
        self._store = store
        self._events = events
        self._audit = audit
        self._tasks = tasks

    async def create(self, viewer: Viewer, exchange: Exchange, name: str, member_ids: Sequence[UserId]) -> GroupRecord:
        """Create a group. Raises `NotFound` for an unknown user, and `Conflict` if the name is taken."""

        async def change() -> GroupRecord:
            group = await self._store.create(viewer.scope, name, member_ids)
            await self._changed(viewer, exchange, group, {"created": True, "members": len(member_ids)})
            return group

        return await self._complete(change)

    async def update(
        self,
        viewer: Viewer,
        exchange: Exchange,
        group_id: GroupId,
        *,
        name: str | None,
        member_ids: Sequence[UserId] | None,
    ) -> GroupRecord:
        """Change the name or replace all members. Raises `NotFound` and `Conflict`."""

        async def change() -> GroupRecord:
            group = await self._store.update(viewer.scope, group_id, name=name, member_ids=member_ids)
            detail = {} if member_ids is None else {"members": len(member_ids)}
            await self._changed(viewer, exchange, group, detail)
            return group

        return await self._complete(change)

    async def delete(self, viewer: Viewer, exchange: Exchange, group_id: GroupId) -> None:
        """Delete a group and the access that its members have by it. Raises `NotFound`."""

        async def change() -> None:
            group = await self._store.delete(viewer.scope, group_id)
            await self._changed(viewer, exchange, group, {"deleted": True})

        await self._complete(change)

    async def check_of_user(self, viewer: Viewer, group_ids: Sequence[GroupId]) -> None:
        """Raise `Forbidden` unless the viewer may change the groups of users, and `NotFound` for an unknown group."""
        if not viewer.scope.is_admin:
            raise Forbidden("Only administrators can change the groups of a user.")
        known = await self._store.find_many(viewer.scope, group_ids)
        for group_id in group_ids:
            if group_id not in known:
                raise NotFound("group", group_id)

    async def set_of_user(
        self, viewer: Viewer, exchange: Exchange, user_id: UserId, group_ids: Sequence[GroupId]
    ) -> None:
        """Replace the groups of a user. Raises what `check_of_user` raises."""
        await self.check_of_user(viewer, group_ids)

        async def change() -> None:
            await self._store.set_of_user(viewer.scope, user_id, group_ids)
            await self._events.publish_access()
            await self._audit.record(
                AuditAction.USER_CHANGED, viewer, exchange, target=("user", user_id),
                detail={"groups": len(group_ids)},
            )  # fmt: skip

        await self._complete(change)

    async def members_changed(self) -> None:
        """Take into account that a person has signed up with an invitation to groups."""
        await self._events.publish_access()

    async def _changed(self, viewer: Viewer, exchange: Exchange, group: GroupRecord, detail: dict[str, Any]) -> None:
        await self._events.publish_access()
        await self._audit.record(
            AuditAction.GROUP_CHANGED, viewer, exchange, target=("group", group.id), target_name=group.name,
            detail=detail,
        )  # fmt: skip

    async def _complete(self, change: Callable[[], Awaitable[Result]]) -> Result:
        return await self._tasks.complete(change, "change of a group")
