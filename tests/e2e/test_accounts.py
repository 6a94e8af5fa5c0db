"""Two people on one server: set-up by the printed code, an invitation, private documents, limits, and a restart."""

import re
from pathlib import Path

import pytest

from tests.e2e.client import Client
from tests.e2e.process import Server, running_server

pytestmark = pytest.mark.timeout(300)

PASSWORD = "the geese of the north shore"
SIGN_UP = """mutation ($input: SignUpInput!) { signUp(input: $input) { ... on SignUpSuccess { ready }
    ... on Error { code message } } }"""
LOG_IN = """mutation ($input: LogInInput!) { logIn(input: $input) { ... on LogInSuccess { accessToken refreshToken }
    ... on Error { code message } } }"""
INVITE = """mutation { createInvitation(input: {}) { ... on CreateInvitationSuccess { invitationCode } } }"""
DOCUMENTS = "{ viewer { user { name } } documents { totalCount nodes { name } } }"


async def sign_up(server: Server, name: str, code: str) -> str:
    """Sign up, log in and return the access token."""
    account = {"email": f"{name.lower()}@example.org", "password": PASSWORD}
    async with Client(server.url) as nobody:
        found = (await nobody.run(SIGN_UP, input=account | {"name": name, "invitation": code}))["signUp"]
        assert found == {"ready": True}, found
        return str((await nobody.run(LOG_IN, input=account | {"delivery": "BODY"}))["logIn"]["accessToken"])


def set_up_code(server: Server) -> str:
    found = re.search(r"^    (\S{20,})$", server.output.read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


async def test_two_people_share_a_server_and_not_their_documents(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "bolts.txt"
    file.write_text("Bolt A takes 35 Nm.")
    async with running_server(data, accounts="invitation") as server:
        ada = await sign_up(server, "Ada", set_up_code(server))
        async with Client(server.url, ada) as client:
            document = (await client.upload(file))["document"]
            code = (await client.run(INVITE))["createInvitation"]["invitationCode"]
        ben = await sign_up(server, "Ben", code)
        async with Client(server.url, ben) as client:
            found = await client.run(DOCUMENTS)
            assert found == {"viewer": {"user": {"name": "Ben"}}, "documents": {"totalCount": 0, "nodes": []}}
            hidden = "query ($id: ID!) { document(id: $id) { name } node(id: $id) { id } }"
            assert await client.run(hidden, id=document["id"]) == {"document": None, "node": None}
            own = await client.upload(file)
            assert own["duplicate"] is False, "nobody learns that somebody else has the same file"
            assert (await client.get(f"/documents/{document['id']}/original")).status_code == 404
    async with running_server(data) as server:
        assert "set-up code" not in server.output.read_text()
        async with Client(server.url, ada) as client:
            assert (await client.run(DOCUMENTS))["documents"]["nodes"] == [{"name": "bolts.txt"}]
        async with Client(server.url) as nobody:
            assert (await nobody.raw(DOCUMENTS)).status_code == 401
        log = server.output.read_text()
    assert not any(secret in log for secret in (PASSWORD, ada, ben, code))


USAGE = """{ viewer { usage { answersLimit tokensLimit uploadedBytesToday uploadLimitBytes } }
    statistics { users documents answers } }"""
IMPORT = """mutation ($text: String!) { importDocument(input: {source: {text: $text}}) { __typename } }"""


async def test_the_limits_of_the_settings_apply_and_survive_a_restart(tmp_path: Path) -> None:
    limits = {"daily_answers": "5", "daily_tokens": "1000", "daily_upload_bytes": "30"}
    for _ in range(2):
        async with running_server(tmp_path / "data", **limits) as server, Client(server.url) as client:
            texts = ["Bolt A takes 35 Nm.", "Bolt B takes 50 Nm."]
            found = [(await client.run(IMPORT, text=text))["importDocument"]["__typename"] for text in texts]
            assert found == ["ImportDocumentSuccess", "RateLimitedError"], "the first is a duplicate after the restart"
            assert await client.run(USAGE) == {
                "viewer": {
                    "usage": {
                        "answersLimit": 5, "tokensLimit": 1000, "uploadedBytesToday": 19, "uploadLimitBytes": 30,
                    }
                },
                "statistics": {"users": 1, "documents": 1, "answers": 0},
            }  # fmt: skip
