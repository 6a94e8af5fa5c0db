"""The session of docs/clients.md logs in, and continues after its connection was closed because a role changed."""

import json
import subprocess
from pathlib import Path

import anyio
import pytest
from anyio.streams.text import TextReceiveStream

from persistence.database.database import open_database
from records.access import AccountsMode
from tests.accounts.server import EMAIL, AccountsServer, open_accounts
from tests.conformance.clients.runs import write_modules
from tests.conformance.node import HERE, NODE
from tests.conformance.tools import make_project
from tests.transport.conftest import serving

pytestmark = pytest.mark.timeout(120)


async def change_role(server: AccountsServer) -> None:
    """Make the user an administrator, as the superadmin."""
    token = await server.token()
    users = (await server.run("{ users { nodes { id email } } }", token))["users"]["nodes"]
    ben = next(user["id"] for user in users if user["email"] != EMAIL)
    changed = await server.mutate("updateUser", token, id=ben, role="ADMIN")
    assert changed["__typename"] == "UpdateUserSuccess"


async def test_a_session_works_with_apollo_urql_and_graphql_ws(tmp_path: Path) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    make_project(folder)
    write_modules(folder)
    script = folder / "logged_in.mjs"
    script.write_text((HERE / "clients" / "logged_in.mjs").read_text(encoding="utf-8"), encoding="utf-8")
    async with (
        open_database(tmp_path / "accounts.db") as database,
        open_accounts(database, tmp_path, AccountsMode.INVITATION) as server,
        serving(server.app) as address,
    ):
        await server.set_up()
        await server.add_user()
        command = [str(NODE), str(script), str(folder), f"http://{address}/graphql"]
        async with await anyio.open_process(command, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            assert process.stdout is not None
            reported = await TextReceiveStream(process.stderr).receive()
            assert reported == "connected\n"
            await change_role(server)
            printed = "".join([text async for text in TextReceiveStream(process.stdout)])
    found = json.loads(printed)
    assert found["first"] == found["second"] == ["Ben", "Ben"]
    assert found["snapshots"] == ["SNAPSHOT_END", "SNAPSHOT_END"]
    assert "wrong" in found["failed"]
