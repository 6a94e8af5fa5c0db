"""A server with accounts in this process: the real transport, access and database; other records are in memory."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from concurrency import OwnedTasks
from persistence.access.api_keys import ApiKeys
from persistence.access.audit_entries import AuditEntries
from persistence.access.invitations import Invitations
from persistence.access.login_delays import LoginDelays
from persistence.access.logins import Logins
from persistence.access.users import Accounts, Users
from persistence.database.database import Database
from persistence.master_keys import load_secret_keys
from records.access import AccountsMode, Exchange, Viewer
from resolvers.request_context import Context
from schema.build import build_schema
from schema.permissions import authorize
from services.access import Access, AccessStores, create_access
from services.access.passwords import Passwords
from services.ingestion import IncomingFiles
from tests.fakes.access import TasksOfCallers
from tests.schema.conftest import InMemoryGraph
from transport import Contexts, TransportSettings, create_middleware, create_routes

PASSWORD = "the geese of the north shore"
EMAIL = "ada@example.org"
ORIGIN = "http://localhost:8000"
PAGE = {"origin": ORIGIN, "graphql-require-preflight": "1"}
"""Headers of a request that a page of this server sends."""

LOG_IN = """__typename ... on Error { code message path } ... on WeakPasswordError { reason }
    ... on LogInSuccess { accessToken refreshToken expiresAt viewer { role user { id name email role } } }"""
ERROR = "__typename ... on Error { code message path }"


@dataclass
class AccountsServer:
    app: Starlette
    access: Access
    database: Database

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        """Return a client with cookies of its own, which sends a token."""
        authorization = {} if token is None else {"authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 1))
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=authorization | headers)

    async def run(self, document: str, token: str | None = None, **variables: Any) -> Any:
        """Send an operation as a program and return its data. Fails the test on any top-level error."""
        async with self.client(token) as client:
            return await execute(client, document, **variables)

    async def rejected(self, document: str, token: str | None = None, **variables: Any) -> tuple[int, str]:
        """Send an operation that is rejected; return the status and the code of its first error."""
        async with self.client(token, accept="application/graphql-response+json") as client:
            reply = await client.post("/graphql", json={"query": document, "variables": variables})
        return reply.status_code, reply.json()["errors"][0]["extensions"]["code"]

    async def mutate(self, mutation: str, token: str | None = None, fields: str = "", **input: Any) -> Any:
        """Execute a mutation as a program and return its result."""
        document = mutation_document(mutation, f"{ERROR} {fields}")
        return (await self.run(document, token, input=input))[mutation]

    async def set_up(self) -> None:
        """Sign up as the superadmin, Ada, with the set-up code."""
        found = await self.sign_up(EMAIL, self.access.set_up_code, name="Ada")
        assert found["ready"], found

    async def sign_up(self, email: str, invitation: str | None, name: str = "Ben", password: str = PASSWORD) -> Any:
        return await self.mutate(
            "signUp", None, "... on SignUpSuccess { ready } ... on WeakPasswordError { reason }",
            email=email, name=name, password=password, invitation=invitation,
        )  # fmt: skip

    async def log_in(self, email: str = EMAIL, password: str = PASSWORD) -> Any:
        """Log in as a program and return the result."""
        document = mutation_document("logIn", LOG_IN)
        return (await self.run(document, input={"email": email, "password": password, "delivery": "BODY"}))["logIn"]

    async def token(self, email: str = EMAIL, password: str = PASSWORD) -> str:
        return str((await self.log_in(email, password))["accessToken"])

    async def invite(self, token: str, **input: Any) -> Any:
        fields = "... on CreateInvitationSuccess { invitationCode invitation { id email role usedAt } }"
        return await self.mutate("createInvitation", token, fields, **input)

    async def add_user(self, email: str = "ben@example.org", role: str = "USER", name: str = "Ben") -> str:
        """Invite a user, sign up and log in as that user; return the access token."""
        code = (await self.invite(await self.token(), role=role))["invitationCode"]
        assert (await self.sign_up(email, code, name))["ready"]
        return await self.token(email)

    async def api_key(self, token: str, limit: str = "READ") -> str:
        found = await self.mutate(
            "createApiKey", token, "... on CreateApiKeySuccess { key }", name="robot", limit=limit
        )
        return str(found["key"])


def mutation_document(mutation: str, fields: str) -> str:
    name = mutation[0].upper() + mutation[1:]
    return f"mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ {fields} }} }}"


async def execute(
    client: httpx.AsyncClient, document: str, headers: dict[str, str] | None = None, **variables: Any
) -> Any:
    request = json.dumps({"query": document, "variables": variables})  # escapes unpaired surrogates, unlike httpx
    sent = {"content-type": "application/json"} | (headers or {})
    reply = await client.post("/graphql", content=request, headers=sent)
    body = reply.json()
    assert "errors" not in body, body
    return body["data"]


async def open_access(
    database: Database,
    folder: Path,
    mode: AccountsMode = AccountsMode.SINGLE,
    server_token: str | None = None,
    tasks: OwnedTasks | None = None,
    passwords: Passwords | None = None,
) -> Access:
    """Return the access of a database. By default, hashes of passwords take little memory."""
    stores = AccessStores(
        Users(database), Accounts(database), Logins(database), ApiKeys(database), Invitations(database),
        LoginDelays(database), AuditEntries(database), load_secret_keys(folder / "secrets"),
    )  # fmt: skip
    owned = cast(OwnedTasks, tasks or TasksOfCallers())
    return await create_access(owned, stores, mode, server_token, passwords or Passwords(memory_kib=64))


@asynccontextmanager
async def open_accounts(
    database: Database,
    folder: Path,
    mode: AccountsMode = AccountsMode.SINGLE,
    server_token: str | None = None,
    tasks: OwnedTasks | None = None,
    passwords: Passwords | None = None,
) -> AsyncIterator[AccountsServer]:
    """Serve the graph with the access of a database. By default, hashes of passwords take little memory."""
    access = await open_access(database, folder, mode, server_token, tasks, passwords)
    yield AccountsServer(_create_app(access, folder), access, database)


def _create_app(access: Access, folder: Path) -> Starlette:
    graph = InMemoryGraph(build_schema())

    def create_context(viewer: Viewer, exchange: Exchange) -> Context:
        return replace(graph.context(), viewer=viewer, exchange=exchange, access=access)

    async def metrics(_: object) -> PlainTextResponse:
        return PlainTextResponse("metrics")

    authentication = access.authentication
    contexts = Contexts(authentication.authenticate, authorize, authentication.watch, create_context)
    settings = TransportSettings(incoming=IncomingFiles(folder / "incoming", 1 << 20), graphiql=False)
    return Starlette(
        routes=[*create_routes(graph.schema, contexts, settings), Route("/metrics", metrics)],
        middleware=create_middleware(settings, authentication.authenticate),
    )
