"""A foreign id over HTTP and in subscriptions gives the same bytes as one that never existed.

The root fields with an id argument are read from the schema: one without a case fails.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLInputType, get_named_type

from persistence.database.database import Database
from persistence.database.sqlite import fetch
from records.document import DocumentStatus
from records.ids import ChunkId, DocumentId, MessageId, SessionId
from records.page import PageRequest
from schema.build import build_schema
from schema.common import global_ids
from tests.access import LOCAL
from tests.isolation.two_users import TwoUsers, open_two_users
from tests.persistence.stores import Stores, cite

Ids = dict[str, str]
"""Global ids by kind: session, message (an unfinished answer), prompt, document, chunk."""

OF_THE_SERVER = {
    "loadModel", "unloadModel", "updateModelSettings", "deleteModel", "model", "models", "modelEvents",
    "auditEntries", "collection", "updateCollection", "addDocumentsToCollection", "removeDocumentsFromCollection",
    "grantAccess", "revokeAccess", "createCollection", "deleteCollection", "deleteUser", "uploadDocument",
    "collectionEvents", "createGroup", "updateGroup", "deleteGroup", "createInvitation", "users", "user", "logOut",
    "updateUser", "resetPassword", "revokeInvitation", "revokeApiKey",
}  # fmt: skip
"""Root fields whose ids are those of models, which belong to the server, of accounts and of collections.

`tests/accounts` and `tests/collections` have the cases of these.
"""

ERROR = "__typename ... on Error { code message path } ... on NotFoundError { missingId }"
DOCUMENT_FIELDS = (
    "id name text outline { text } chunks { nodes { text citedBy { nodes { id } } } } sessions { nodes { id } }"
)
SESSION_FIELDS = "id name messages { nodes { id content citations { quote } } } documents { nodes { id } }"
NODE = f"""__typename id ... on Session {{ {SESSION_FIELDS} }} ... on Document {{ {DOCUMENT_FIELDS} }}
    ... on Message {{ content session {{ id }} }} ... on Chunk {{ text document {{ id }} }}"""


def by_id(field: str, fields: str) -> str:
    return f"query ($id: ID!) {{ {field}(id: $id) {{ {fields} }} }}"


def mutation(field: str) -> str:
    name = field[0].upper() + field[1:]
    return f"mutation ($input: {name}Input!) {{ {field}(input: $input) {{ {ERROR} }} }}"


Case = tuple[str, Callable[[Ids], dict[str, Any]]]
QUERIES: dict[str, Case] = {
    "node": (by_id("node", NODE), lambda ids: {"id": ids["session"]}),
    "node of a message": (by_id("node", NODE), lambda ids: {"id": ids["message"]}),
    "node of a document": (by_id("node", NODE), lambda ids: {"id": ids["document"]}),
    "node of a chunk": (by_id("node", NODE), lambda ids: {"id": ids["chunk"]}),
    "nodes": (
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {NODE} }} }}",
        lambda ids: {"ids": [ids["session"], ids["message"], ids["document"], ids["chunk"]]},
    ),
    "session": (by_id("session", SESSION_FIELDS), lambda ids: {"id": ids["session"]}),
    "message": (by_id("message", "id content session { id } parent { id }"), lambda ids: {"id": ids["message"]}),
    "document": (by_id("document", DOCUMENT_FIELDS), lambda ids: {"id": ids["document"]}),
    "chunk": (by_id("chunk", "id text previous { id } next { id } document { id }"), lambda ids: {"id": ids["chunk"]}),
    "documents": (
        "query ($id: ID!) { documents(filter: { sessionId: $id }) { totalCount nodes { id } } }",
        lambda ids: {"id": ids["session"]},
    ),
    "sessions": (
        "query ($id: ID!) { sessions(filter: { documentId: $id }) { totalCount nodes { id } } }",
        lambda ids: {"id": ids["document"]},
    ),
    "search": (
        """query ($id: ID!) { search(input: { query: "torque bolt", documentIds: [$id] }) { __typename
            ... on SearchResults { hits { document { id } chunk { id } } } ... on NotFoundError { message path } } }""",
        lambda ids: {"id": ids["document"]},
    ),
}
MUTATIONS: dict[str, Callable[[Ids], dict[str, Any]]] = {
    "createSession": lambda ids: {"name": "mine", "documentIds": [ids["document"]]},
    "updateSession": lambda ids: {"id": ids["session"], "name": "taken"},
    "deleteSession": lambda ids: {"id": ids["session"]},
    "sendMessage": lambda ids: {"sessionId": ids["session"], "content": "mine", "idempotencyKey": "1"},
    "regenerateMessage": lambda ids: {"messageId": ids["prompt"]},
    "forkSession": lambda ids: {"messageId": ids["prompt"]},
    "cancelGeneration": lambda ids: {"messageId": ids["message"]},
    "deleteMessage": lambda ids: {"id": ids["prompt"]},
    "rateMessage": lambda ids: {"id": ids["message"], "rating": "UP"},
    "importDocument": lambda ids: {"source": {"text": "mine"}, "sessionId": ids["session"]},
    "updateDocument": lambda ids: {"id": ids["document"], "name": "taken"},
    "reprocessDocument": lambda ids: {"id": ids["document"]},
    "cancelIngestion": lambda ids: {"id": ids["document"]},
    "deleteDocument": lambda ids: {"id": ids["document"]},
}
SUBSCRIPTIONS: dict[str, Case] = {
    "messageEvents": (
        "subscription ($id: ID!) { messageEvents(messageId: $id) { __typename cursor } }",
        lambda ids: {"id": ids["message"]},
    ),
    "sessionEvents": (
        "subscription ($id: ID) { sessionEvents(sessionId: $id) { change session { name } } }",
        lambda ids: {"id": ids["session"]},
    ),
    "documentEvents": (
        "subscription ($id: ID) { documentEvents(documentId: $id) { change document { name } } }",
        lambda ids: {"id": ids["document"]},
    ),
}


async def make_ids(database: Database) -> Ids:
    """Store objects of the local user and return their ids. No job changes them, because the document is READY."""
    stores = Stores(database)
    document = await stores.ingest("Bolt A takes 35 Nm of torque.", "Bolt B takes 50 Nm.")
    await stores.embed(document.id)
    await stores.ingested.set_status(document.id, DocumentStatus.READY)
    chunk = (await stores.chunks.page(LOCAL, document.id, PageRequest(first=1))).items[0]
    session = await stores.session("Torque", document.id)
    prompt, answer = await stores.exchange(session.id, "What torque?", "35 Nm [1].", cite(document, chunk.id))
    return encode(session.id, answer.id, prompt.id, document.id, chunk.id)


def encode(session: SessionId, answer: MessageId, prompt: MessageId, document: DocumentId, chunk: ChunkId) -> Ids:
    return {
        "session": global_ids.SESSION.encode(session),
        "message": global_ids.MESSAGE.encode(answer),
        "prompt": global_ids.MESSAGE.encode(prompt),
        "document": global_ids.DOCUMENT.encode(document),
        "chunk": global_ids.CHUNK.encode(chunk),
    }


NOWHERE = encode(SessionId(404), MessageId(404), MessageId(405), DocumentId(404), ChunkId(404))


def without_ids(text: str, ids: Ids) -> str:
    """Return a response with each id of the request replaced by its kind."""
    for kind, each in ids.items():
        text = text.replace(each, kind)
    return text


async def dump(database: Database) -> list[list[tuple[Any, ...]]]:
    async with database.snapshot() as reader:
        tables = ("sessions", "messages", "citations", "documents", "session_documents", "chunks")
        return [[tuple(row) for row in await fetch(reader, f"SELECT * FROM {table}")] for table in tables]


def id_arguments(of: GraphQLInputType) -> Iterator[str]:
    """Yield `id` for each id in a value of an input type, including the ids in nested inputs."""
    named = get_named_type(of)
    if named.name == "ID":
        yield "id"
    elif isinstance(named, GraphQLInputObjectType):
        for field in named.fields.values():
            yield from id_arguments(field.type)


def test_every_root_field_with_an_id_has_a_case() -> None:
    schema = build_schema()._schema
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    with_ids = {
        name
        for root in roots
        if root is not None
        for name, field in root.fields.items()
        if any(list(id_arguments(argument.type)) for argument in field.args.values())
    }
    assert with_ids - OF_THE_SERVER == {name.split()[0] for name in (*QUERIES, *MUTATIONS, *SUBSCRIPTIONS)}


@pytest.mark.parametrize("name", [*QUERIES, *MUTATIONS])
async def test_a_foreign_id_gives_the_bytes_of_an_id_that_never_existed(
    database: Database, tmp_path: Path, name: str
) -> None:
    ids = await make_ids(database)
    async with open_two_users(database, tmp_path) as server:
        before = await dump(database)
        nowhere = await send(server, "stranger", name, NOWHERE)
        foreign = await send(server, "stranger", name, ids)
        assert foreign == nowhere
        assert await dump(database) == before
        assert await send(server, "local", name, ids) != nowhere, "the case finds something for the owner"


async def send(server: TwoUsers, user: str, name: str, ids: Ids) -> tuple[int, str]:
    if name in QUERIES:
        document, variables = QUERIES[name]
        status, body = await server.execute(user, document, variables(ids))
    else:
        status, body = await server.execute(user, mutation(name), {"input": MUTATIONS[name](ids)})
    return status, without_ids(body, ids)


@pytest.mark.parametrize("name", SUBSCRIPTIONS)
async def test_a_subscription_to_a_foreign_id_is_not_found(database: Database, tmp_path: Path, name: str) -> None:
    document, variables = SUBSCRIPTIONS[name]
    ids = await make_ids(database)
    async with open_two_users(database, tmp_path) as server:
        nowhere = await server.subscribe("stranger", document, variables(NOWHERE), 1)
        foreign = await server.subscribe("stranger", document, variables(ids), 1)
        assert "NOT_FOUND" in nowhere[0]
        assert [without_ids(each, ids) for each in foreign] == [without_ids(each, NOWHERE) for each in nowhere]
        assert "NOT_FOUND" not in (await server.subscribe("local", document, variables(ids), 1))[0]


@pytest.mark.parametrize("field", ["sessionEvents", "documentEvents"])
async def test_a_subscription_to_all_objects_contains_none_of_others(
    database: Database, tmp_path: Path, field: str
) -> None:
    await make_ids(database)
    async with open_two_users(database, tmp_path) as server:
        document = f"subscription {{ {field} {{ change }} }}"
        assert "SNAPSHOT_END" in (await server.subscribe("stranger", document, {}, 1))[0]
        assert "SNAPSHOT_END" not in (await server.subscribe("local", document, {}, 1))[0]


async def test_lists_and_search_contain_nothing_of_others(database: Database, tmp_path: Path) -> None:
    document = """{ sessions { totalCount } documents { totalCount } found: sessions(filter: { query: "torque" }) {
        totalCount } search(input: { query: "torque of bolt A" }) { ... on SearchResults { hits { rank } } } }"""
    await make_ids(database)
    async with open_two_users(database, tmp_path) as server:
        _, body = await server.execute("stranger", document, {})
        _, own = await server.execute("local", document, {})
    assert '"totalCount":1' not in body
    assert '"hits":[]' in body
    assert own.count('"totalCount":1') == 3
    assert '"hits":[]' not in own
