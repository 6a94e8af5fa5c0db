"""No word of a private text reaches another user, in any field, search, error or event, or the log."""

import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import structlog
from anyio.abc import TaskGroup

from logs import configure_logs
from persistence.database.database import Database
from schema.common import global_ids
from tests.accounts.server import open_access
from tests.collections.workshop import Workshop, fill
from tests.fakes.vectors import ExactVectorIndex
from tests.isolation.matrix.id_arguments import SCHEMA, id_arguments
from tests.isolation.matrix.rules import RULES, Object
from tests.isolation.observers.crawler import Crawler, selection
from tests.isolation.observers.private_texts import (
    CANARY,
    KINDS,
    OWNER,
    add_document,
    add_private_texts,
    ask,
    lure,
    private,
    private_inference,
)
from tests.isolation.two_users import create_retriever, open_two_users
from tests.persistence.stores import Stores

WALKS = 150
SNAPSHOTS = 4
"""Subscriptions that start with a snapshot."""
IDS_OF_A_KIND = 2
"""Foreign ids of each type that are sent in every id argument."""
MODES = ("KEYWORD", "SEMANTIC", "HYBRID")
LISTS = (
    "documents(filter: { nameContains: $word })", "documents(filter: { tags: [$word] })",
    "sessions(filter: { query: $word })", "users(filter: { nameContains: $word })", "collections(nameContains: $word)",
)  # fmt: skip
"""Lists that are filtered by a word."""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Capture the log at DEBUG as JSON; restore the configuration of logging afterwards."""
    root, configuration = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    configure_logs("DEBUG", as_json=True)
    stream = io.StringIO()
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.configure(**configuration)
    for name in ("graphlore", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@asynccontextmanager
async def open_private_world(database: Database, folder: Path) -> AsyncIterator[Workshop]:
    """Serve a collection, its manager, who has private texts, and others, while the block is open."""
    access = await open_access(database, folder)
    retriever = create_retriever(Stores(database), ExactVectorIndex(database))
    async with open_two_users(
        database, folder, access=access, retriever=retriever, inference=private_inference()
    ) as server:
        yield await fill(database, server)


async def watch(workshop: Workshop, user: str, tasks: TaskGroup) -> list[str]:
    """Subscribe to everything as a user. Return the list to which events are added."""
    received: list[str] = []
    assert SCHEMA.subscription_type is not None
    for name, field in SCHEMA.subscription_type.fields.items():
        if name != "messageEvents":
            document = f"subscription {{ {name} {selection(field.type, 2)} }}"
            tasks.start_soon(_collect, workshop, user, document, received)
    with anyio.fail_after(30):
        while len([each for each in received if "SNAPSHOT_END" in str(each)]) < SNAPSHOTS:
            await anyio.sleep(0.01)
    return received


async def _collect(workshop: Workshop, user: str, document: str, received: list[str]) -> None:
    async with aclosing(workshop.server.events(user, document, {})) as events:
        async for event in events:
            received += [event]


async def act_as(workshop: Workshop, user: str) -> None:
    """Give the observer a document and answers, for a member of the collection also with its hidden prompt."""
    await workshop.mutate(user, "importDocument", source={"text": "Bolt Q takes 3 Nm of torque."}, name="own.txt")
    fields = "... on CreateSessionSuccess { session { id } }"
    chosen: list[dict[str, Any]] = [{}, {"collectionIds": [workshop.collection]}]
    for each in chosen[: 2 if user == "reader" else 1]:
        session = await workshop.mutate(user, "createSession", fields, name="Own", **each)
        for mode in ("DIRECT", "RAG"):
            prompt = {"sessionId": session["session"]["id"], "content": "What torque?", "thinkingMode": mode}
            sent = await workshop.mutate(user, "sendMessage", **prompt)
            assert sent["__typename"] == "SendMessageSuccess", sent
            await workshop.server.until_idle()


async def change_everything(workshop: Workshop, owner: Crawler) -> None:
    """Act as the owner while the observer is subscribed."""
    mine = {kind: [each for each in sorted(owner.known) if kind_of(each) == kind] for kind in ("Session", "Message")}
    document = await add_document(workshop)
    await workshop.mutate(
        OWNER, "updateDocument", id=document, name=f"{private('renamed')}.txt", tags=[private("later")]
    )
    [session] = mine["Session"]
    await ask(workshop, session)
    await workshop.mutate(OWNER, "updateCollection", id=workshop.collection, systemPrompt=private("later"))
    await workshop.mutate(OWNER, "reprocessDocument", id=document)
    await workshop.server.until_idle()
    await workshop.mutate(OWNER, "deleteDocument", id=document)
    await workshop.server.until_idle()


def kind_of(global_id: str) -> str:
    decoded = global_ids.decode(global_id)
    assert decoded is not None
    return decoded[0]


async def search_everything(observer: Crawler) -> None:
    """Search for every lure in every mode; a list that is filtered by a lure is like one filtered by another word."""
    search = "query ($input: SearchInput!) { search(input: $input) " + selection(search_result(), 3) + " }"
    for kind in KINDS:
        for mode in MODES:
            for query in (lure(kind), f'"{lure(kind)}" torque'):
                await observer.send(search, input={"query": query, "mode": mode, "topK": 100})
        for each in LISTS:
            document = f"query ($word: String!) {{ {each} {{ totalCount nodes {{ id }} pageInfo {{ endCursor }} }} }}"
            found = await observer.send(document, word=lure(kind))
            assert found == await observer.send(document, word="another word"), each


def search_result() -> Any:
    assert SCHEMA.query_type is not None
    return SCHEMA.query_type.fields["search"].type


async def send_foreign_ids(observer: Crawler, foreign: set[str]) -> None:
    """Send every operation with ids of the owner in every argument that accepts them, beside own ids in the others."""
    own: dict[str, str] = {kind_of(each): each for each in sorted(observer.known - foreign)}

    def resolve(named: Object) -> str:
        return own.get(named.kind) or global_ids.encode(named.kind, 404)

    by_kind: dict[str, list[str]] = {}
    for each in sorted(foreign):
        by_kind.setdefault(kind_of(each), []).append(each)
    for argument in id_arguments():
        for global_id in (
            each for kind in RULES[argument.name].kinds for each in by_kind.get(kind, ())[:IDS_OF_A_KIND]
        ):
            document, variables = argument.document(), argument.variables(global_id, resolve)
            if argument.operation == "subscription":
                observer.received += await observer.server.subscribe(observer.user, document, variables, 3)
            elif argument.field != "uploadDocument":
                await observer.send(document, **variables)


@pytest.mark.parametrize("user", ["stranger", "reader"])
async def test_no_canary_reaches_another_user_or_the_log(
    database: Database, tmp_path: Path, log: io.StringIO, user: str
) -> None:
    async with open_private_world(database, tmp_path) as workshop, anyio.create_task_group() as tasks:
        events = await watch(workshop, user, tasks)
        await add_private_texts(workshop)
        owner, observer = Crawler(workshop.server, OWNER), Crawler(workshop.server, user)
        await owner.crawl()
        await act_as(workshop, user)
        await observer.crawl(owner.known)
        foreign = owner.known - observer.known
        await change_everything(workshop, owner)
        await search_everything(observer)
        await observer.walk(WALKS, observer.known)
        await send_foreign_ids(observer, foreign)
        tasks.cancel_scope.cancel()
    seen_by_owner = "".join(owner.received)
    unseen = {kind for kind in KINDS if f"{CANARY}{kind}" not in seen_by_owner}
    assert sorted(unseen) == sorted(UNSEEN), "the crawler is thorough"
    assert len(observer.received) > 1_000
    assert [text for text in (*observer.received, *events) if CANARY in str(text).lower()] == []
    assert [line for line in log.getvalue().splitlines() if CANARY in line.lower()] == []
    assert '"event": "operation"' in log.getvalue()


UNSEEN = ("invited", "query", "renamed", "later")
"""Private texts that the owner does not find in a crawl: they are stored nowhere, not yet, or for administrators."""
