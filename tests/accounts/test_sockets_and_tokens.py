"""Open WebSockets end with their credentials, and forged tokens are not accepted."""

import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from persistence.master_keys import load_secret_keys
from records.ids import UserId
from services.access.access_tokens import ALGORITHM, ISSUER, PURPOSE, TYPE, VALID_SECONDS, AccessTokens
from tests.access import LOCAL
from tests.accounts.server import EMAIL, PASSWORD, AccountsServer
from tests.collections.workshop import MANUALS
from tests.persistence.stores import Stores
from tests.transport.conftest import serving
from tests.transport.websocket.client import Socket, open_socket

EVENTS = "subscription { sessionEvents { change } }"
DOCUMENTS = "{ documents { totalCount } }"


async def connect(socket: Socket, secret: str) -> None:
    """Initialise a connection as a browser does, and start a subscription."""
    await socket.initialise({"authorization": f"Bearer {secret}"})
    await socket.subscribe("1", EVENTS)
    assert (await socket.receive())["type"] == "next"


async def closing_code(socket: Socket) -> int | None:
    """Return the code with which the server closes the connection. Fails after ten seconds."""
    with anyio.fail_after(10):
        return await socket.close_code()


async def log_out(server: AccountsServer, token: str) -> None:
    await server.mutate("logOut", token)


async def log_out_everywhere(server: AccountsServer, _: str) -> None:
    await server.mutate("logOut", await server.token(), everywhere=True)


async def change_password(server: AccountsServer, _: str) -> None:
    await server.mutate("changePassword", await server.token(), current=PASSWORD, password="another password of geese")


Revoke = Callable[[AccountsServer, str], Awaitable[None]]


@pytest.mark.parametrize("revoke", [log_out, log_out_everywhere, change_password])
async def test_a_socket_is_closed_when_its_log_in_ends(server: AccountsServer, revoke: Revoke) -> None:
    token = await server.token()
    async with serving(server.app) as address, open_socket(address) as socket:
        await connect(socket, token)
        await revoke(server, token)
        assert await closing_code(socket) == 4403


async def test_a_socket_is_closed_when_the_role_changes_or_the_account_is_closed(server: AccountsServer) -> None:
    ben, ada = await server.add_user(), await server.token()
    users = (await server.run("{ users { nodes { id email } } }", ada))["users"]["nodes"]
    ben_id = next(user["id"] for user in users if user["email"] != EMAIL)
    changes: list[dict[str, Any]] = [{"role": "ADMIN"}, {"active": False}]
    for change in changes:
        async with serving(server.app) as address, open_socket(address) as socket, open_socket(address) as other:
            await connect(socket, ben)
            await connect(other, ada)
            await server.mutate("updateUser", ada, id=ben_id, **change)
            assert await closing_code(socket) == 4403
            await other.subscribe("2", EVENTS)
            assert (await other.receive())["type"] == "next", "the sockets of others stay open"


async def test_a_socket_is_closed_when_its_api_key_is_revoked(server: AccountsServer) -> None:
    ada = await server.token()
    key = await server.api_key(ada)
    async with serving(server.app) as address, open_socket(address) as socket, open_socket(address) as other:
        await connect(socket, key)
        await connect(other, ada)
        key_id = (await server.run("{ viewer { apiKeys { id } } }", ada))["viewer"]["apiKeys"][0]["id"]
        await server.mutate("revokeApiKey", ada, id=key_id)
        assert await closing_code(socket) == 4403
        await other.subscribe("2", EVENTS)
        assert (await other.receive())["type"] == "next"


async def test_a_socket_is_closed_when_its_access_token_expires(server: AccountsServer, tmp_path: Path) -> None:
    await server.token()
    [login] = await server.access.stores.logins.of_user(LOCAL)
    tokens = AccessTokens(load_secret_keys(tmp_path / "secrets"), lambda: time.time() - VALID_SECONDS + 2)
    async with serving(server.app) as address, open_socket(address) as socket:
        await connect(socket, tokens.sign(login)[0])
        assert await closing_code(socket) == 4403


async def test_a_socket_without_credentials_is_closed(server: AccountsServer) -> None:
    for payload in ({}, {"authorization": "Bearer nonsense"}, {"authorization": 7}):
        async with serving(server.app) as address, open_socket(address) as socket:
            await socket.send({"type": "connection_init", "payload": payload})
            assert await closing_code(socket) == 4403


def forged(token: str, tmp_path: Path) -> dict[str, str]:
    """Return tokens that this server did not sign for the purpose, by what is wrong with them."""
    head, claims, signature = token.split(".")
    key_id, key = load_secret_keys(tmp_path / "secrets").current(PURPOSE)
    body = json.loads(base64.urlsafe_b64decode(claims + "=="))
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key_id}

    def sign(header: dict[str, Any], body: dict[str, Any], secret: bytes = key, algorithm: str = ALGORITHM) -> str:
        return jwt.encode(header | {"alg": algorithm}, body, OctKey.import_key(secret), algorithms=[algorithm])

    unsigned = base64.urlsafe_b64encode(json.dumps(header | {"alg": "none"}).encode()).decode().rstrip("=")
    return {
        "cut": token[:-3],
        "without a signature": f"{head}.{claims}.",
        "no algorithm": f"{unsigned}.{claims}.",
        "another algorithm": sign(header, body, algorithm="HS512"),
        "another server": sign(header, body, b"k" * 32),
        "an unknown key": sign(header | {"kid": "00000000"}, body),
        "another purpose": sign(header, body, load_secret_keys(tmp_path / "secrets").current("devices")[1]),
        "another type": sign(header | {"typ": "JWT"}, body),
        "another audience": sign(header, body | {"aud": "elsewhere"}),
        "another user": sign(header, body | {"sub": "2"}),
        "another log-in": sign(header, body | {"sid": "404"}),
        "expired": sign(header, body | {"exp": int(time.time()) - 1}),
        "no expiry": sign(header, {name: value for name, value in body.items() if name != "exp"}),
        "a name as user": sign(header, body | {"sub": "ada"}),
        "a large number": sign(header, body | {"sid": "9" * 30}),
        "swapped parts": f"{claims}.{head}.{signature}",
    }


async def test_no_forged_token_is_accepted(server: AccountsServer, tmp_path: Path) -> None:
    await server.add_user()
    token = await server.token()
    for kind, each in forged(token, tmp_path).items():
        assert await server.rejected(DOCUMENTS, each) == (401, "UNAUTHENTICATED"), kind
    assert (await server.run(DOCUMENTS, token))["documents"]["totalCount"] == 2
    assert ISSUER == "graphlore"


async def test_no_changed_api_key_is_accepted(server: AccountsServer) -> None:
    key = await server.api_key(await server.token())
    mark, name, secret, check = key.split("_")
    for changed in (key[:-1], key + "0", f"{mark}_{name}_{secret[::-1]}_{check}", f"{mark}_{name}", "glk___", "glk_"):
        assert await server.rejected(DOCUMENTS, changed) == (401, "UNAUTHENTICATED")


async def test_a_key_is_accepted_in_the_header_only(server: AccountsServer) -> None:
    key = await server.api_key(await server.token())
    async with server.client(**{"x-api-key": key}) as client:
        reply = await client.get("/graphql", params={"query": DOCUMENTS, "access_token": key, "authorization": key})
    assert reply.status_code == 401


async def test_metrics_are_for_administrators(server: AccountsServer) -> None:
    user, admin = await server.add_user(), await server.token()
    statuses = []
    for token in (None, user, admin, await server.api_key(admin), await server.api_key(admin, "ADMIN")):
        async with server.client(token) as client:
            statuses.append((await client.get("/metrics")).status_code)
    assert statuses == [401, 403, 200, 403, 200]


async def test_an_upload_without_credentials_is_rejected_before_its_body_is_read(server: AccountsServer) -> None:
    async with server.client(**{"graphql-require-preflight": "1"}) as client:
        reply = await client.post(
            "/graphql", content=b"x" * 100, headers={"content-type": "multipart/form-data; boundary=b"}
        )
    assert reply.status_code == 401


FILE_NAME = '; filename="bolts.txt"'
UPLOAD = """mutation ($input: UploadDocumentInput!) { uploadDocument(input: $input) { __typename } }"""


async def test_a_log_in_that_ends_during_an_upload_ends_with_the_next_request(server: AccountsServer) -> None:
    """A request is authenticated when it begins. One that has begun is completed."""
    token = await server.add_user()
    operations = json.dumps({"query": UPLOAD, "variables": {"input": {"file": None}}})
    parts = (("operations", "", operations), ("map", "", '{"0": ["variables.input.file"]}'), ("0", FILE_NAME, "Bolt A"))
    whole = "".join(
        f'--b\r\ncontent-disposition: form-data; name="{name}"{file}\r\n\r\n{text}\r\n' for name, file, text in parts
    )

    async def body() -> AsyncIterator[bytes]:
        yield whole.encode()
        await server.mutate("logOut", token)
        yield b"--b--\r\n"

    headers = {"graphql-require-preflight": "1", "content-type": "multipart/form-data; boundary=b"}
    async with server.client(token, **headers) as client:
        reply = await client.post("/graphql", content=body())
        assert reply.json()["data"] == {"uploadDocument": {"__typename": "UploadDocumentSuccess"}}
    assert await server.rejected("{ documents { totalCount } }", token) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(("role", "is_visible"), [("ADMIN", True), ("USER", False)])
async def test_a_link_opens_the_documents_that_its_user_may_read(
    server: AccountsServer, role: str, is_visible: bool
) -> None:
    await server.add_user(role=role)
    stores = Stores(server.database)
    collection = await stores.collections.create(LOCAL, MANUALS)
    shared = await stores.add("shared.txt", owning_collection_id=collection.id)
    private = await stores.add("private.txt")
    viewer = await server.access.authentication.authenticate_link(UserId(2), None)
    found = await stores.documents.find_many(viewer.scope, [shared.id, private.id])
    assert set(found) == ({shared.id} if is_visible else set())
