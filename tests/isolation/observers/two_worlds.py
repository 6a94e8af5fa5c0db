"""Two servers that play the same actions of one user; in one of them, another user acts as well."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from schema.common import global_ids
from tests.fakes.inference import FakeInference, Script
from tests.fakes.vectors import ExactVectorIndex
from tests.isolation.marks import Marks, add_marks
from tests.isolation.observers.actors import Actor, user_id
from tests.isolation.two_users import TwoUsers, create_retriever, open_two_users
from tests.persistence.stores import Stores
from tests.support.databases import open_copy

OBSERVER, OTHER = "stranger", "reader"
FIELDS = {
    "documentEvents": "change documentId document { id name status collections { id } }",
    "sessionEvents": "change sessionId session { id name messageCount head { id } }",
    "collectionEvents": "change collectionId collection { id name myLevel }",
}
MEASURED = re.compile(r".*(At|Ms|[cC]ursor|tokensPerSecond)$")
"""Names of values that differ in every run: times, durations, and positions in lists, which contain ids and times."""


class Names:
    """Replaces ids by the number of their first appearance, because ids are numbers of the whole server."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}

    def replace(self, value: Any) -> Any:
        """Return a value with numbered ids, rounded floats and without measured values."""
        if isinstance(value, dict):
            return {name: self.replace(each) for name, each in value.items() if not MEASURED.match(name)}
        if isinstance(value, list):
            return [self.replace(each) for each in value]
        if isinstance(value, float):
            return float(f"{value:.9g}")
        if isinstance(value, str) and value.startswith("{"):
            return self.replace(json.loads(value))
        decoded = global_ids.decode(value) if isinstance(value, str) else None
        if decoded is None or decoded[0] not in ("Document", "Chunk", "Session", "Message", "Collection", "Group"):
            return value
        return self._numbers.setdefault(value, f"{decoded[0]} {len(self._numbers)}")


@dataclass
class OneWorld:
    """A server with a collection of which the observer is a member, and with the administrator who assigns it."""

    server: TwoUsers
    names: Names
    observer: Actor
    other: Actor
    admin: Actor
    group: str
    marks: Marks
    events: list[tuple[str, Any]] = field(default_factory=list)
    "The name of the stream and the event, of all events that the observer received in the current step."

    async def settle(self) -> list[Any]:
        """Return the last event of every object since the last call. How many states a stream skips depends on time."""
        await self.server.until_idle()
        await self.marks.pass_all()
        last: dict[str, Any] = {}
        for stream, payload in self.events:
            event = next(iter(payload["data"].values()))
            key = next(value for name, value in event.items() if name.endswith("Id"))
            last.pop(f"{stream} {key}", None)
            last[f"{stream} {key}"] = [stream, self.names.replace(event)]
        self.events.clear()
        return sorted(last.values(), key=str)

    async def watch(self, stream: str, started: anyio.Event) -> None:
        """Collect the events of a stream of the observer after its snapshot."""
        document = f"subscription {{ {stream} {{ {FIELDS[stream]} }} }}"
        async with aclosing(self.server.events(OBSERVER, document, {})) as events:
            async for event in events:
                payload = json.loads(event)
                if self.marks.is_mark(OBSERVER, stream, event):
                    continue
                if started.is_set():
                    self.events.append((stream, payload))
                elif "SNAPSHOT_END" in event:
                    started.set()

    async def assign(self, users: tuple[str, ...], level: str) -> None:
        """Give users access to the collection as the administrator, or end it if there is no level."""
        access: dict[str, Any] = {
            "collectionId": self.admin.collection,
            "principalIds": [user_id(each) for each in users],
        }
        if level:
            await self.admin.mutate("grantAccess", **access, level=level)
        else:
            await self.admin.mutate("revokeAccess", **access)

    async def set_group(self, users: tuple[str, ...]) -> None:
        await self.admin.mutate("updateGroup", id=self.group, memberIds=[user_id(each) for each in users])


@asynccontextmanager
async def open_one_world(template: Path, folder: Path) -> AsyncIterator[OneWorld]:
    """Serve a collection that is assigned to the observer, and a group without members that has access to it."""
    folder.mkdir(parents=True)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_copy(template, folder))
        retriever = create_retriever(Stores(database), ExactVectorIndex(database))
        inference = FakeInference(Script(words=("It is so [1]", " and so [2].")))
        server = await stack.enter_async_context(
            open_two_users(database, folder, retriever=retriever, inference=inference)
        )
        admin = Actor(server, "local", "")
        fields = "... on CollectionSuccess { collection { id } }"
        created = await admin.query(
            f'mutation {{ createCollection(input: {{ name: "Manuals", systemPrompt: "Be brief." }}) {{ {fields} }} }}'
        )
        admin.collection = created["data"]["createCollection"]["collection"]["id"]
        group = await admin.query(
            'mutation { createGroup(input: { name: "Shift" }) { ... on GroupSuccess { group { id } } } }'
        )
        observer, other = (Actor(server, name, admin.collection) for name in (OBSERVER, OTHER))
        marks = await add_marks(server, [OBSERVER])
        world = OneWorld(server, Names(), observer, other, admin, group["data"]["createGroup"]["group"]["id"], marks)
        await world.assign((OBSERVER,), "WRITE")
        tasks = await stack.enter_async_context(anyio.create_task_group())
        for stream in FIELDS:
            started = anyio.Event()
            tasks.start_soon(world.watch, stream, started)
            await started.wait()
        yield world
        tasks.cancel_scope.cancel()
