"""A member on a real server with accounts: the judges of the graph run again with this member's credentials."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.client import Client
from tests.e2e.process import Server, running_server
from tests.e2e.test_accounts import INVITE, set_up_code, sign_up

CREATE = (
    """mutation { createCollection(input: { name: "Manuals" }) { ... on CollectionSuccess { collection { id } } } }"""
)
GROUP = (
    """mutation ($input: CreateGroupInput!) { createGroup(input: $input) { ... on GroupSuccess { group { id } } } }"""
)
GRANT = """mutation ($input: GrantAccessInput!) { grantAccess(input: $input) { __typename } }"""
IMPORT = """mutation ($input: ImportDocumentInput!) { importDocument(input: $input) { __typename } }"""


@asynccontextmanager
async def serving_a_member(folder: Path) -> AsyncIterator[tuple[Server, str]]:
    """Yield a server with a superadmin, and the access token of a user who may write in a collection with a document."""
    async with running_server(folder, accounts="invitation") as server:
        ada = await sign_up(server, "Ada", set_up_code(server))
        async with Client(server.url, ada) as admin:
            code = (await admin.run(INVITE))["createInvitation"]["invitationCode"]
            ben = await sign_up(server, "Ben", code)
            async with Client(server.url, ben) as member:
                user = (await member.run("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
            group = (await admin.run(GROUP, input={"name": "Workshop", "memberIds": [user]}))["createGroup"]["group"]
            collection = (await admin.run(CREATE))["createCollection"]["collection"]["id"]
            granted = {"collectionId": collection, "principalIds": [group["id"]], "level": "WRITE"}
            await admin.run(GRANT, input=granted)
            await admin.run(IMPORT, input={"source": {"text": "Bolt A takes 35 Nm."}, "collectionId": collection})
        yield server, ben
