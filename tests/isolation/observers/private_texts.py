"""Private texts of one user, the manager of a collection. Each contains a lure and a canary.

Other users search for lures, and must never receive a canary, which they never send.
"""

import json
from typing import Any

from persistence.database.access_tables import User
from records.ids import UserId
from schema.common import global_ids
from tests.access import PEOPLE
from tests.collections.workshop import Workshop
from tests.fakes.inference import FakeInference, Script
from tests.isolation.matrix.world import upload

OWNER = "manager"
CANARY = "canary"
PRIVATE_ANSWERS = 2
KINDS = (
    "name", "text", "upload", "file", "tag", "metadata", "session", "system", "prompt", "stop", "answer", "reasoning",
    "hidden", "email", "user", "key", "invited", "group", "query", "renamed", "later",
)  # fmt: skip


def lure(kind: str) -> str:
    assert kind in KINDS
    return f"lure{kind}"


def private(kind: str) -> str:
    """Return a text with a lure and a canary."""
    return f"{lure(kind)} {CANARY}{kind}"


def private_inference() -> FakeInference:
    """Return a model whose first answers are private texts; it says hello afterwards."""
    script = Script(words=(private("answer"), " See [1]."), reasoning=(private("reasoning"),))
    return FakeInference(*[script] * PRIVATE_ANSWERS, Script())


async def add_private_texts(workshop: Workshop) -> None:
    """Act as the owner, and as the administrator for what concerns the owner."""
    database, mutate = workshop.server.answers.stores.database, workshop.mutate
    async with database.writing() as transaction:
        owner = User.filter(id=PEOPLE[OWNER].user_id).using_db(transaction)
        await owner.update(
            email=f"{lure('email')}.{CANARY}email@example.org", email_key="manager", name=private("user")
        )
    await mutate("local", "createInvitation", email=f"{lure('invited')}.{CANARY}invited@example.org")
    members = [user_id(OWNER)]
    await mutate("local", "createGroup", name=private("group"), memberIds=members)
    await mutate(
        OWNER, "updateCollection", id=workshop.collection, systemPrompt=private("hidden"), hidesSystemPrompt=True
    )
    await mutate(OWNER, "createApiKey", name=private("key"))
    await _ask(workshop, await add_document(workshop))
    await workshop.query(OWNER, SEARCH, input={"query": private("query")})


SEARCH = "query ($input: SearchInput!) { search(input: $input) { __typename } }"
UPLOAD = "mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename } }"
DOCUMENT = "... on ImportDocumentSuccess { document { id } }"
SESSION = "... on CreateSessionSuccess { session { id } }"


def user_id(name: str) -> str:
    return global_ids.USER.encode(UserId(PEOPLE[name].user_id))


async def add_document(workshop: Workshop) -> str:
    """Import a text and upload a file as the owner. Return the id of the text."""
    imported = await workshop.mutate(
        OWNER, "importDocument", DOCUMENT, source={"text": f"{private('text')} torque."}, name=f"{private('name')}.txt",
        tags=[private("tag")], metadata={lure("metadata"): private("metadata")},
    )  # fmt: skip
    client, file = workshop.server.client, (f"{private('file')}.txt", f"{private('upload')} torque.")
    body = json.loads(await upload(client, OWNER, UPLOAD, {"input": {"file": None}}, file))
    assert body["data"]["uploadDocument"]["__typename"] == "UploadDocumentSuccess", body
    await workshop.server.until_idle()
    return str(imported["document"]["id"])


async def _ask(workshop: Workshop, document: str) -> None:
    settings = {"systemPrompt": private("system"), "thinkingMode": "RAG"}
    created = await workshop.mutate(
        OWNER, "createSession", SESSION, name=private("session"), documentIds=[document], settings=settings,
        collectionIds=[workshop.collection],
    )  # fmt: skip
    session = created["session"]["id"]
    for _ in range(PRIVATE_ANSWERS):
        await ask(workshop, session)
    await workshop.mutate(OWNER, "updateUser", id=user_id(OWNER), activeSessionId=session)


async def ask(workshop: Workshop, session: str) -> None:
    sampling: dict[str, Any] = {"stop": [private("stop")], "maxTokens": 50}
    content = f"{private('prompt')} What torque?"
    sent = await workshop.mutate(OWNER, "sendMessage", sessionId=session, content=content, sampling=sampling)
    assert sent["__typename"] == "SendMessageSuccess", sent
    await workshop.server.until_idle()
