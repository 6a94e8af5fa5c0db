"""Attacks on accounts that were found in reviews, and others of their kinds."""

from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from concurrency import open_owned_tasks
from persistence.access.users import Accounts
from persistence.database.access_tables import LoginDelay
from persistence.database.database import Database
from records.access import AccountsMode
from tests.accounts.server import EMAIL, LOG_IN, PASSWORD, AccountsServer, mutation_document, open_accounts
from tests.support.supervisor import open_test_supervisor

DOCUMENTS = "{ documents { totalCount } }"
MARKS = "a" + "\u0323\u0307" * 40_000
"""Text whose Unicode normalization takes a time that grows with the square of its length."""
LEET = "a4@b8c({[<e3g69i1!|l1|7o0s$5t+7x%z2" * 2
"""Text for which zxcvbn tries very many substitutions."""


async def ids(server: AccountsServer) -> dict[str, str]:
    found = (await server.run("{ users { nodes { id email } } }", await server.token()))["users"]["nodes"]
    return {user["email"]: user["id"] for user in found}


@pytest.mark.parametrize("text", [MARKS, "x" * 200_000, LEET, "\ud800" * 20, "\0" * 20, "@" * 100_000])
async def test_long_and_strange_texts_are_refused_with_an_expected_error(server: AccountsServer, text: str) -> None:
    """A fault here takes minutes or is an internal error."""
    with anyio.fail_after(60):
        assert (await server.log_in(text, PASSWORD))["code"] == "INVALID_CREDENTIALS"
        assert (await server.log_in(EMAIL, text))["code"] == "INVALID_CREDENTIALS"
        code = (await server.invite(await server.token()))["invitationCode"]
        assert (await server.sign_up(text, code))["code"] == "INVALID_INPUT"
        assert (await server.sign_up("ben@example.org", code, text)).get("code") in ("INVALID_INPUT", None)
        refused = await server.sign_up("ben@example.org", text, password=text)
        assert refused["code"] in ("WEAK_PASSWORD", "INVALID_INPUT")


async def test_the_server_token_and_keys_neither_change_roles_nor_invite(database: Database, tmp_path: Path) -> None:
    async with open_accounts(database, tmp_path, AccountsMode.INVITATION, "a token of the server") as server:
        await server.set_up()
        await server.add_user()
        ben = (await ids(server))["ben@example.org"]
        for secret in ("a token of the server", await server.api_key(await server.token(), "ADMIN")):
            assert (await server.mutate("updateUser", secret, id=ben, role="ADMIN"))["code"] == "FORBIDDEN"
            assert await server.rejected("mutation { createInvitation(input: {}) { __typename } }", secret) == (
                403, "FORBIDDEN",
            )  # fmt: skip


async def test_grants_of_an_administrator_end_with_the_role_and_with_the_account(server: AccountsServer) -> None:
    await server.add_user("cleo@example.org")
    changes: list[dict[str, Any]] = [{"role": "USER"}, {"active": False}]
    for number, change in enumerate(changes):
        admin = await server.add_user(f"admin{number}@example.org", "ADMIN")
        users, ada = await ids(server), await server.token()
        invitation = (await server.invite(admin))["invitationCode"]
        fields = "... on ResetPasswordSuccess { resetCode }"
        reset = (await server.mutate("resetPassword", admin, fields, id=users["cleo@example.org"]))["resetCode"]
        await server.mutate("updateUser", ada, id=users[f"admin{number}@example.org"], **change)
        assert (await server.sign_up("eve@example.org", invitation))["code"] == "INVALID_INPUT"
        used = await server.mutate("changePassword", code=reset, password="another password of geese")
        assert used["code"] == "INVALID_CREDENTIALS"


async def test_grants_from_before_the_accounts_end_when_they_are_enabled(single: AccountsServer) -> None:
    key = await single.api_key("", "ADMIN")
    invitation = (await single.invite(""))["invitationCode"]
    account = {"email": EMAIL, "name": "Ada", "password": PASSWORD}
    await single.run(mutation_document("enableAccounts", LOG_IN), input=account)
    assert await single.rejected(DOCUMENTS, key) == (401, "UNAUTHENTICATED")
    assert (await single.sign_up("eve@example.org", invitation))["code"] == "INVALID_INPUT"


async def test_a_log_in_that_was_verified_before_the_password_changed_is_refused(server: AccountsServer) -> None:
    """The change happens between the verification of the password and the creation of the log-in."""
    accounts = Accounts(server.database)
    account = await accounts.find_by_email(EMAIL)
    assert account is not None
    await accounts.set_password(account.user.id, "another hash", except_login=None)
    stores = server.access.stores
    moment = account.user.created_at
    assert await stores.logins.create(account, "a browser", "digest", moment, moment) is None


async def test_a_change_whose_client_goes_away_is_completed_with_its_audit_entry(
    database: Database, tmp_path: Path
) -> None:
    async with (
        open_test_supervisor() as supervisor,
        open_owned_tasks(supervisor, "access") as tasks,
        open_accounts(database, tmp_path, AccountsMode.INVITATION, tasks=tasks) as server,
    ):
        await server.set_up()
        await server.add_user()
        ben, ada = (await ids(server))["ben@example.org"], await server.token()
        for number in range(12):
            with anyio.move_on_after(0.002 * number):
                await server.mutate("updateUser", ada, id=ben, active=bool(number % 2))
            with anyio.fail_after(10):
                while not await is_recorded(server, ada):
                    await anyio.sleep(0.02)


async def is_recorded(server: AccountsServer, ada: str) -> bool:
    """Return whether the newest audit entry states the present state of the second user."""
    entries = "{ auditEntries(first: 1, filter: { action: [USER_CHANGED] }) { nodes { detail } } }"
    recorded = [entry["detail"]["active"] for entry in (await server.run(entries, ada))["auditEntries"]["nodes"]]
    active = (await server.run("{ users(filter: { active: true }) { totalCount } }", ada))["users"]["totalCount"] == 2
    return bool((recorded or [True])[0] is active)


async def test_log_ins_of_a_network_recover_from_old_failures(server: AccountsServer) -> None:
    for number in range(28):
        await server.log_in(f"person{number}@example.org")
    async with server.database.writing() as transaction:
        for row in await LoginDelay.all().using_db(transaction):
            older = {
                name: getattr(row, name) - 3600 * 5 for name in ("counted_at", "last_failed_at", "previous_failed_at")
            }
            await LoginDelay.filter(id=row.id).using_db(transaction).update(**older)
    for number in range(25):
        await server.log_in(f"guest{number}@example.org")
    assert (await server.log_in())["__typename"] == "LogInSuccess"


async def test_a_success_delays_nobody_else_of_the_network(server: AccountsServer) -> None:
    await server.add_user()
    for number in range(29):
        await server.log_in(f"person{number}@example.org")
    for email in (EMAIL, "ben@example.org", EMAIL):
        assert (await server.log_in(email))["__typename"] == "LogInSuccess"


async def test_a_log_in_lists_its_own_log_ins_whatever_token_came_with_it(server: AccountsServer) -> None:
    ben = await server.add_user()
    fields = "... on LogInSuccess { viewer { user { name } logins { current } apiKeys { id } } }"
    document = mutation_document("logIn", fields)
    account: dict[str, Any] = {"email": EMAIL, "password": PASSWORD, "delivery": "BODY"}
    for token in (None, ben):
        viewer = (await server.run(document, token, input=account))["logIn"]["viewer"]
        assert viewer["user"] == {"name": "Ada"}
        assert [login["current"] for login in viewer["logins"]].count(True) == 1


async def test_a_key_for_reading_uploads_no_file(server: AccountsServer) -> None:
    key = await server.api_key(await server.token())
    headers = {"graphql-require-preflight": "1", "content-type": "multipart/form-data; boundary=b"}
    async with server.client(key, **headers) as client:
        reply: httpx.Response = await client.post("/graphql", content=b"x" * 100)
    assert reply.status_code == 403


async def test_a_flood_of_log_ins_is_answered_and_leaves_the_server_usable(server: AccountsServer) -> None:
    codes: list[str | None] = []
    token = await server.token()

    async def attempt(number: int) -> None:
        codes.append((await server.log_in(f"person{number}@example.org")).get("code"))

    async with anyio.create_task_group() as flood:
        for number in range(200):
            flood.start_soon(attempt, number)
        assert (await server.run(DOCUMENTS, token))["documents"]["totalCount"] == 2
    assert set(codes) <= {"INVALID_CREDENTIALS", "BUSY"}
    assert len(codes) == 200
