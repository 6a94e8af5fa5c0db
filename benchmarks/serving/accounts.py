"""A1 to A4: the cost of accounts. Authentication, log-ins, requests with a token, and the end of open connections."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

import httpx
from websockets.exceptions import ConnectionClosed

from benchmarks.figures import Figure, at_least, at_most
from persistence.database.access_tables import Login, LoginDelay, User
from persistence.database.database import Database, open_database
from records.access import AccountsMode
from services.access.passwords import Passwords
from tests.accounts.server import EMAIL, AccountsServer, open_accounts
from tests.transport.conftest import serving
from tests.transport.websocket.client import open_socket

USERS = 500
QUERY = {"query": "{ limits { maxDepth } }"}


async def measure(folder: Path, quick: bool) -> list[Figure]:
    rounds = 60 if quick else 300
    async with (
        open_database(folder / "accounts.db") as database,
        open_database(folder / "single.db") as empty,
        open_accounts(database, folder, AccountsMode.INVITATION, passwords=Passwords()) as server,
        open_accounts(empty, folder) as single,
    ):
        await server.set_up()
        token = await server.token()
        await _add_users(database)
        return [
            await _authentication(server, token, 10 * rounds),
            await _timing(server, rounds),
            await _requests(server, single, token, 10 * rounds),
            await _revocation(server, 5 if quick else 20),
        ]


async def _add_users(database: Database) -> None:
    """Add users with two log-ins each."""
    now = datetime.now(UTC)
    times = {"created_at": now, "last_used_at": now, "ends_at": now + timedelta(days=1)}
    async with database.writing() as transaction:
        for number in range(USERS):
            email = f"person{number}@example.org"
            user = await User.create(
                using_db=transaction, name=f"Person {number}", email=email, email_key=email, role="USER", created_at=now
            )
            for _ in range(2):
                await Login.create(using_db=transaction, user_id=user.id, client="", **times)


async def _authentication(server: AccountsServer, token: str, rounds: int) -> Figure:
    """Authenticate again and again; and after a change of an account, when the user is read again."""
    authenticate = partial(server.access.authentication.authenticate, f"Bearer {token}")
    seconds = [await _seconds(authenticate) for _ in range(rounds)]
    user_id = (await server.run("{ viewer { user { id } } }", token))["viewer"]["user"]["id"]
    anew = []
    for number in range(rounds // 20):
        await server.mutate("updateUser", token, id=user_id, name=f"Ada {number}")
        anew.append(await _seconds(authenticate))
    p95 = 1000 * quantiles(seconds, n=20)[18]
    after_changes = 1000 * median(anew)
    return at_most("A1", "authentication by a token, p95", p95, 1, " ms", after_changes_ms=after_changes, users=USERS)


async def _timing(server: AccountsServer, rounds: int) -> Figure:
    """Compare log-ins of an unknown address with those that have a wrong password, in turns."""
    seconds: dict[str, list[float]] = {"nobody@example.org": [], EMAIL: []}
    for _ in range(rounds):
        for email, measured in seconds.items():
            async with server.database.writing() as transaction:
                await LoginDelay.all().using_db(transaction).delete()
            measured.append(await _seconds(partial(server.log_in, email, "a wrong password, quite long")))
    unknown, wrong = (1000 * median(each) for each in seconds.values())
    difference = abs(unknown / wrong - 1)
    times = {"unknown": unknown, "wrong": wrong}
    return at_most("A2", "log-in: unknown address ÷ wrong password − 1", difference, 0.05, milliseconds=times)


async def _requests(server: AccountsServer, single: AccountsServer, token: str, rounds: int) -> Figure:
    """Send a small query to both servers in turns."""
    seconds: dict[str, list[float]] = {"with": [], "without": []}
    async with server.client(token) as with_accounts, single.client() as without:
        clients: dict[str, httpx.AsyncClient] = {"with": with_accounts, "without": without}
        for _ in range(rounds):
            for name, client in clients.items():
                seconds[name].append(await _seconds(partial(client.post, "/graphql", json=QUERY)))
    rates = {name: 1 / median(each) for name, each in seconds.items()}
    ratio = rates["with"] / rates["without"]
    return at_least("A3", "small query, requests/s with accounts ÷ without", ratio, 0.9, rates=rates)


async def _revocation(server: AccountsServer, rounds: int) -> Figure:
    """Log out and measure when the server closes an open connection of the log-in."""
    seconds = []
    async with serving(server.app) as address:
        for _ in range(rounds):
            token = await server.token()
            async with open_socket(address) as socket:
                await socket.initialise({"authorization": f"Bearer {token}"})
                await server.mutate("logOut", token)
                began = perf_counter()
                try:
                    while True:
                        await socket.receive()
                except ConnectionClosed:
                    seconds.append(perf_counter() - began)
    return at_most("A4", "end of an open connection after its log-in, maximum", max(seconds), 1, " s", rounds=rounds)


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    began = perf_counter()
    await work()
    return perf_counter() - began
