"""Users who act over GraphQL: each action is named by a verb and a number, which selects its objects and texts."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from records.ids import UserId
from schema.common import global_ids
from tests.access import PEOPLE
from tests.collections.workshop import ERROR
from tests.isolation.two_users import TwoUsers

TEXTS = (
    "Bolt A takes a torque of 35 Nm.", "Bolt B takes 50 Nm. Oil the thread.", "The pump KX-3007 needs oil.",
    "Torque, torque and torque of the pump.", "The wrench is red.", "取扱説明書をお読みください",
)  # fmt: skip
QUERIES = ("torque of bolt A", "the pump", "oil", '"takes 50 Nm"', "KX-3007", "説明書", "wrench nothing")
MODES = ("KEYWORD", "SEMANTIC", "HYBRID")
DOCUMENT = """id name title status chunkCount tags text byteSize owner { id name } collections { id name }
    sessions(first: 3) { totalCount nodes { id name } }
    chunks(first: 3) { totalCount nodes { id text citedBy(first: 3) { totalCount nodes { id content } } } }"""
SESSION = """id name messageCount documents(first: 5) { totalCount nodes { id name } } collections { id name }
    messages(first: 20) { totalCount nodes { id content citations { quote documentName score document { id } chunk { id } } }
    }"""
SEARCH = """query ($input: SearchInput!) { search(input: $input) { __typename ... on Error { code path }
    ... on SearchResults { hits { rank score similarity bm25 document { id name } chunk { id text } snippet { text } }
        trace { droppedDuplicates legs { name state message candidates ranking { chunkId rank score } } } } } }"""
ANSWER = """subscription ($id: ID!) { messageEvents(messageId: $id) { __typename
    ... on TextDelta { text offset } ... on RetrievalCompleted { citations { quote documentName score } }
    ... on MessageCompleted { message { id content generation { usage { promptTokens cachedTokens } prompt } } } } }"""


@dataclass
class Actor:
    """A user of one server, with the ids of the objects that the user has seen, in the order in which they were seen."""

    server: TwoUsers
    name: str
    collection: str
    documents: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def query(self, document: str, **variables: Any) -> Any:
        """Execute an operation and return the response. Fails the test on any top-level error."""
        _, body = await self.server.execute(self.name, document, variables)
        reply = json.loads(body)
        assert "errors" not in reply, reply
        return reply

    async def mutate(self, mutation: str, fields: str = "", **input: Any) -> Any:
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        document = f"mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {ERROR} {fields} }} }}"
        reply = (await self.query(document, input=input))["data"][mutation]
        await self.server.until_idle()
        return reply

    async def act(self, verb: str, number: int) -> Any:
        """Carry out an action and return what the user learns from it."""
        return await VERBS[verb](self, number)

    def pick(self, ids: list[str], kind: str, number: int) -> str:
        """Return one of the ids; one that never existed if there is none."""
        return ids[number % len(ids)] if ids else global_ids.encode(kind, 40_404)

    def document(self, number: int) -> str:
        return self.pick(self.documents, "Document", number)

    def session(self, number: int) -> str:
        return self.pick(self.sessions, "Session", number)


async def _import(actor: Actor, number: int, **more: Any) -> Any:
    fields = f"... on ImportDocumentSuccess {{ duplicate document {{ {DOCUMENT} }} }}"
    source, name = {"text": TEXTS[number % len(TEXTS)]}, f"{number % 3}.txt"
    reply = await actor.mutate("importDocument", fields, source=source, name=name, tags=[f"tag {number % 2}"], **more)
    if "document" in reply and reply["document"]["id"] not in actor.documents:
        actor.documents.append(reply["document"]["id"])
    return reply


async def _rename(actor: Actor, number: int) -> Any:
    fields = f"... on UpdateDocumentSuccess {{ document {{ {DOCUMENT} }} }}"
    return await actor.mutate("updateDocument", fields, id=actor.document(number), name=f"renamed {number}.txt")


async def _erase(actor: Actor, number: int) -> Any:
    fields = "... on DeleteDocumentSuccess { receipt { chunks keywordEntries originals } }"
    return await actor.mutate("deleteDocument", fields, id=actor.document(number))


async def _reprocess(actor: Actor, number: int) -> Any:
    return await actor.mutate("reprocessDocument", id=actor.document(number))


async def _open_session(actor: Actor, number: int) -> Any:
    fields = f"... on CreateSessionSuccess {{ session {{ {SESSION} }} }}"
    chosen = {"collectionIds": [actor.collection]} if number % 2 else {"documentIds": actor.documents[-1:]}
    reply = await actor.mutate("createSession", fields, name=f"Session {number % 3}", **chosen)
    if "session" in reply:
        actor.sessions.append(reply["session"]["id"])
    return reply


async def _ask(actor: Actor, number: int) -> Any:
    fields = "... on SendMessageSuccess { answer { id } }"
    mode = "RAG" if number % 3 else "DIRECT"
    content = QUERIES[number % len(QUERIES)]
    reply = await actor.mutate(
        "sendMessage", fields, sessionId=actor.session(number), content=content, thinkingMode=mode
    )
    if "answer" not in reply:
        return reply
    actor.answers.append(reply["answer"]["id"])
    return await actor.server.subscribe(actor.name, ANSWER, {"id": actor.answers[-1]}, 100)


async def _erase_session(actor: Actor, number: int) -> Any:
    return await actor.mutate(
        "deleteSession", "... on DeleteSessionSuccess { receipt { messages } }", id=actor.session(number)
    )


async def _erase_answer(actor: Actor, number: int) -> Any:
    fields = "... on DeleteMessageSuccess { deletedIds }"
    return await actor.mutate("deleteMessage", fields, id=actor.pick(actor.answers, "Message", number))


async def _search(actor: Actor, number: int) -> Any:
    restrictions: tuple[dict[str, Any], ...] = (
        {}, {"documentIds": [actor.document(number)]}, {"collectionIds": [actor.collection]}, {"tags": ["tag 1"]},
    )  # fmt: skip
    chosen = {"query": QUERIES[number % len(QUERIES)], "mode": MODES[number % 3], "topK": 4 + number % 7}
    return await actor.query(SEARCH, input=chosen | restrictions[number // 3 % len(restrictions)])


async def _list_documents(actor: Actor, number: int) -> Any:
    filters = (
        "",
        'filter: { tags: ["tag 1"] }',
        'filter: { nameContains: "renamed" }',
        "orderBy: { field: NAME, direction: ASC }",
    )
    found = await actor.query(
        f"{{ documents(first: 20, {filters[number % 4]}) {{ totalCount nodes {{ {DOCUMENT} }} }} }}"
    )
    nodes = found["data"]["documents"]["nodes"]
    actor.documents += [node["id"] for node in reversed(nodes) if node["id"] not in actor.documents]
    return found


async def _list_sessions(actor: Actor, number: int) -> Any:
    filters = (
        "",
        'filter: { query: "torque" }',
        'filter: { query: "Session" }',
        "orderBy: { field: NAME, direction: ASC }",
    )
    return await actor.query(f"{{ sessions(first: 10, {filters[number % 4]}) {{ totalCount nodes {{ {SESSION} }} }} }}")


async def _look_around(actor: Actor, number: int) -> Any:
    return await actor.query(
        """{ viewer { role user { id name groups { id name members { totalCount nodes { id name } } }
            collections { totalCount nodes { id name } } } logins { id } apiKeys { id } }
        users { totalCount nodes { id name } } groups { totalCount nodes { id name members { totalCount } } }
        collections { totalCount nodes { id name myLevel documents(first: 20) { totalCount nodes { id name } }
            access { totalCount } statistics { documents } createdBy { id } } } indexing { state pendingChunks }
        systemStatus { inference { queueDepth } ingestion { queued } storage { documents } } }"""
    )


VERBS: dict[str, Callable[[Actor, int], Awaitable[Any]]] = {
    "import": _import,
    "import into the collection": lambda actor, number: _import(actor, number, collectionId=actor.collection),
    "rename": _rename,
    "erase": _erase,
    "reprocess": _reprocess,
    "open a session": _open_session,
    "ask": _ask,
    "erase a session": _erase_session,
    "erase an answer": _erase_answer,
    "search": _search,
    "list documents": _list_documents,
    "list sessions": _list_sessions,
    "look around": _look_around,
}
READING = ("search", "list documents", "list sessions", "look around")


def user_id(name: str) -> str:
    return global_ids.USER.encode(UserId(PEOPLE[name].user_id))
