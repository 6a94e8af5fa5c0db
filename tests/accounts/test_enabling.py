"""One person without accounts, enabling accounts, and setting up a server that requires them."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from persistence.database.database import Database
from records.access import AccountsMode
from tests.accounts.server import (
    EMAIL,
    LOG_IN,
    PAGE,
    PASSWORD,
    AccountsServer,
    execute,
    mutation_document,
    open_accounts,
)

ACCOUNT = {"email": EMAIL, "name": "Ada", "password": PASSWORD}
ENABLE = mutation_document("enableAccounts", LOG_IN)
OPTIONS = "{ signUpOptions { mode passwordMinLength setUp } }"


async def test_one_person_needs_no_credentials(single: AccountsServer) -> None:
    found = await single.run("{ viewer { role user { name email role } } documents { totalCount } }")
    assert found["viewer"] == {
        "role": "SUPERADMIN", "user": {"name": "Local user", "email": None, "role": "SUPERADMIN"},
    }  # fmt: skip
    assert (await single.run(OPTIONS))["signUpOptions"] == {
        "mode": "SINGLE", "passwordMinLength": 15, "setUp": False,
    }  # fmt: skip


async def test_enabling_accounts_closes_the_server_for_everyone_else_at_once(single: AccountsServer) -> None:
    found = (await single.run(ENABLE, input=ACCOUNT))["enableAccounts"]
    assert found["viewer"]["user"] | {"id": None} == {
        "id": None, "name": "Ada", "email": EMAIL, "role": "SUPERADMIN",
    }  # fmt: skip
    assert await single.rejected("{ documents { totalCount } }") == (401, "UNAUTHENTICATED")
    assert (await single.run("{ viewer { role } }"))["viewer"] is None
    assert (await single.run("{ documents { totalCount } }", found["accessToken"]))["documents"]["totalCount"] == 2
    assert (await single.run(OPTIONS))["signUpOptions"]["mode"] == "INVITATION"
    again = (await single.run(ENABLE, found["accessToken"], input=ACCOUNT))["enableAccounts"]
    assert again["code"] == "CONFLICT"


async def test_a_page_that_enables_accounts_is_logged_in_by_its_cookie(single: AccountsServer) -> None:
    async with single.client(**PAGE) as browser:
        found = (await execute(browser, ENABLE, input=ACCOUNT))["enableAccounts"]
        assert found["refreshToken"] is None
        assert "graphlore_refresh" in browser.cookies


async def test_accounts_stay_enabled_after_a_restart(single: AccountsServer, tmp_path: Path) -> None:
    await single.run(ENABLE, input=ACCOUNT)
    async with open_accounts(single.database, tmp_path) as restarted:
        assert await restarted.rejected("{ documents { totalCount } }") == (401, "UNAUTHENTICATED")
        assert (await restarted.log_in())["__typename"] == "LogInSuccess"
        assert restarted.access.set_up_code is None


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"email": "ada"}, "INVALID_INPUT", "email"),
        ({"email": "ada@localhost host"}, "INVALID_INPUT", "email"),
        ({"name": " "}, "INVALID_INPUT", "name"),
        ({"password": "short"}, "WEAK_PASSWORD", "password"),
    ],
)
async def test_an_invalid_account_leaves_the_server_open(
    single: AccountsServer, changes: dict[str, Any], code: str, path: str
) -> None:
    found = (await single.run(ENABLE, input=ACCOUNT | changes))["enableAccounts"]
    assert (found["code"], found["path"]) == (code, ["input", path])
    assert (await single.run("{ documents { totalCount } }"))["documents"]["totalCount"] == 2


async def test_parallel_attempts_to_enable_accounts_succeed_once(single: AccountsServer) -> None:
    results: list[str] = []

    async def enable(number: int) -> None:
        email = f"person{number}@example.org"
        async with single.client() as client:
            body = {"query": ENABLE, "variables": {"input": ACCOUNT | {"email": email}}}
            reply = (await client.post("/graphql", json=body)).json()
            results.append("REJECTED" if "errors" in reply else reply["data"]["enableAccounts"]["__typename"])

    async with anyio.create_task_group() as people:
        for number in range(16):
            people.start_soon(enable, number)
    assert results.count("LogInSuccess") == 1
    assert set(results) <= {"LogInSuccess", "ConflictError", "REJECTED"}


async def test_the_server_token_stands_for_the_local_user(database: Database, tmp_path: Path) -> None:
    async with open_accounts(database, tmp_path, server_token="a token of the server") as server:
        assert await server.rejected(OPTIONS) == (401, "UNAUTHENTICATED")
        assert await server.rejected(OPTIONS, "another token") == (401, "UNAUTHENTICATED")
        assert (await server.run("{ viewer { role } }", "a token of the server"))["viewer"]["role"] == "SUPERADMIN"
        await server.run(ENABLE, "a token of the server", input=ACCOUNT)
        assert (await server.run("{ documents { totalCount } }", "a token of the server"))["documents"][
            "totalCount"
        ] == 2
        key = mutation_document("createApiKey", "__typename")
        assert await server.rejected(key, "a token of the server", input={"name": "more"}) == (403, "FORBIDDEN")


async def test_the_set_up_code_makes_one_superadmin(database: Database, tmp_path: Path) -> None:
    async with open_accounts(database, tmp_path, AccountsMode.INVITATION) as server:
        code = server.access.set_up_code
        assert (await server.run(OPTIONS))["signUpOptions"] == {
            "mode": "INVITATION", "passwordMinLength": 15, "setUp": True,
        }  # fmt: skip
        assert (await server.sign_up("eve@example.org", "a guessed code"))["code"] == "INVALID_INPUT"
        assert (await server.sign_up("eve@example.org", None))["code"] == "INVALID_INPUT"
        results: dict[int, Any] = {}

        async def sign_up(number: int) -> None:
            results[number] = await server.sign_up(f"person{number}@example.org", code, f"Person {number}")

        async with anyio.create_task_group() as people:
            for number in range(64):
                people.start_soon(sign_up, number)
        [winner] = [number for number, each in results.items() if each.get("ready")]
        assert (await server.run(OPTIONS))["signUpOptions"]["setUp"] is False
        token = await server.token(f"person{winner}@example.org")
        found = await server.run("{ viewer { role } users { totalCount } }", token)
        assert found == {"viewer": {"role": "SUPERADMIN"}, "users": {"totalCount": 1}}
