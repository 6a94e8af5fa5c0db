"""A team on one server with the real models: a collection is assigned, asked, and taken away; a member is erased."""

from pathlib import Path

import pytest

from tests.e2e.client import Client, Json
from tests.e2e.process import running_server
from tests.e2e.story import ask, create_session, search, wait_for_document, wait_for_model
from tests.e2e.test_accounts import INVITE, LOG_IN, PASSWORD, set_up_code, sign_up

pytestmark = pytest.mark.timeout(300)

CREATE = """mutation { createCollection(input: { name: "Manuals", systemPrompt: "Answer briefly.", hidesSystemPrompt: true
    settings: { thinkingMode: RAG } }) { ... on CollectionSuccess { collection { id } } } }"""
GRANT = """mutation ($input: GrantAccessInput!) { grantAccess(input: $input) { __typename } }"""
REVOKE = """mutation ($input: RevokeAccessInput!) { revokeAccess(input: $input) { __typename } }"""
DELETE = """mutation ($id: ID!) { deleteUser(input: { id: $id }) { __typename
    ... on DeleteUserSuccess { receipt { messages chunks vectors originals } } } }"""
CITATIONS = """query ($id: ID!) { message(id: $id) { generation { prompt }
    citations { quote document { id } chunk { id } } } }"""
VIEWER = "{ viewer { user { id } } }"


async def cited(client: Client, message_id: str) -> Json:
    return dict((await client.run(CITATIONS, id=message_id))["message"])


async def test_a_member_asks_a_collection_until_the_access_ends(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "bolts.txt"
    file.write_text("Bolt A of the north pump takes a torque of 35 Nm.")
    async with running_server(data, accounts="invitation") as server:
        ada = await sign_up(server, "Ada", set_up_code(server))
        async with Client(server.url, ada) as admin:
            await wait_for_model(admin)
            collection = (await admin.run(CREATE))["createCollection"]["collection"]["id"]
            document = (await admin.upload(file, collectionId=collection))["document"]["id"]
            assert (await wait_for_document(admin, document))["status"] == "READY"
            ben = await sign_up(server, "Ben", (await admin.run(INVITE))["createInvitation"]["invitationCode"])
            async with Client(server.url, ben) as member:
                user = (await member.run(VIEWER))["viewer"]["user"]["id"]
                await use_collection(admin, member, {"collectionId": collection, "principalIds": [user]}, document)
                await upload_into_chat(member, tmp_path / "own.txt")
    async with running_server(data) as server, Client(server.url, ada) as admin:
        async with Client(server.url, ben) as member:
            assert (await member.run("{ collections { totalCount } }"))["collections"]["totalCount"] == 0
        receipt = (await admin.run(DELETE, id=user))["deleteUser"]["receipt"]
        assert receipt == {"messages": 2, "chunks": 1, "vectors": 1, "originals": 1}
        async with Client(server.url) as nobody:
            login = {"email": "ben@example.org", "password": PASSWORD, "delivery": "BODY"}
            assert (await nobody.run(LOG_IN, input=login))["logIn"]["code"] == "INVALID_CREDENTIALS"
        assert await found(admin) == [document]


async def use_collection(admin: Client, member: Client, access: Json, document: str) -> None:
    """Give a member access, let the member ask, and end the access."""
    assert await found(member) == []
    assert await admin.run(GRANT, input=access | {"level": "READ"})
    assert await found(member) == [document]
    session = await create_session(member, [], [access["collectionId"]])
    answer = await ask(member, session, "What torque does bolt A take?", sampling={"maxTokens": 20})
    assert answer.end["__typename"] == "MessageCompleted"
    message = await cited(member, answer.id)
    assert message["citations"][0]["document"] == {"id": document}
    assert message["generation"]["prompt"] is None, "the model input contains the hidden system prompt"
    assert await admin.run(REVOKE, input=access)
    assert await found(member) == []
    [citation, *_] = (await cited(member, answer.id))["citations"]
    assert citation == {"quote": citation["quote"], "document": None, "chunk": None}


async def upload_into_chat(member: Client, file: Path) -> None:
    file.write_text("My own note about the torque of the pump.")
    session = await create_session(member, [])
    uploaded = await member.upload(file, sessionId=session)
    assert (await wait_for_document(member, uploaded["document"]["id"]))["status"] == "READY"


async def found(client: Client) -> list[str]:
    """Return the documents that a search for the torque of bolt A finds."""
    return [hit["document"]["id"] for hit in (await search(client, "torque of bolt A"))["hits"]]
