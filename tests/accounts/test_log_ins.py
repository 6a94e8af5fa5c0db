"""Logging in and out, refresh tokens and their cookies."""

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from persistence.database.access_tables import RefreshToken
from tests.accounts.server import EMAIL, LOG_IN, PAGE, PASSWORD, AccountsServer, execute, mutation_document

VIEWER = "{ viewer { role user { name email } logins { id current client } } }"
REFRESH = mutation_document("refreshSession", LOG_IN)
LOG_OUT = mutation_document("logOut", "__typename ... on Error { code } ... on LogOutSuccess { ended }")


async def test_a_log_in_gives_a_token_that_authenticates_its_user(server: AccountsServer) -> None:
    found = await server.log_in()
    assert found["viewer"] == {
        "role": "SUPERADMIN",
        "user": found["viewer"]["user"] | {"name": "Ada", "email": EMAIL, "role": "SUPERADMIN"},
    }
    viewer = (await server.run(VIEWER, found["accessToken"]))["viewer"]
    assert viewer["user"] == {"name": "Ada", "email": EMAIL}
    assert [login["current"] for login in viewer["logins"]] == [True]


@pytest.mark.parametrize("email", [EMAIL.upper(), "Ada@Example.org"])
async def test_an_address_is_compared_without_regard_to_case(server: AccountsServer, email: str) -> None:
    assert (await server.log_in(email))["__typename"] == "LogInSuccess"


async def test_every_failure_to_log_in_has_the_same_reply(server: AccountsServer) -> None:
    await server.add_user("ben@example.org")
    ada = await server.token()
    users = (await server.run("{ users { nodes { id email } } }", ada))["users"]["nodes"]
    ben = next(user["id"] for user in users if user["email"] == "ben@example.org")
    await server.mutate("updateUser", ada, id=ben, active=False)
    replies = [
        await server.log_in(EMAIL, "the wrong password, quite long"),
        await server.log_in("nobody@example.org"),
        await server.log_in("ben@example.org"),
        await server.log_in(EMAIL, PASSWORD + "x" * 1025),
        *[await server.log_in(EMAIL, password) for password in ("", " ", "the geese")],
    ]
    assert all(reply == replies[0] for reply in replies)
    assert replies[0]["code"] == "INVALID_CREDENTIALS"
    assert (await server.log_in(EMAIL))["code"] == "INVALID_CREDENTIALS", "a sixth attempt at once comes too early"


async def test_a_stranger_does_not_delay_a_known_device(server: AccountsServer) -> None:
    document = mutation_document("logIn", LOG_IN)
    right: dict[str, Any] = {"email": EMAIL, "password": PASSWORD}
    async with server.client(**PAGE) as device, server.client(**PAGE) as stranger:
        assert (await execute(device, document, input=right))["logIn"]["__typename"] == "LogInSuccess"
        for _ in range(8):
            await execute(stranger, document, input=right | {"password": "a wrong password of the stranger"})
        assert (await execute(stranger, document, input=right))["logIn"]["code"] == "INVALID_CREDENTIALS"
        assert (await execute(device, document, input=right))["logIn"]["__typename"] == "LogInSuccess"


async def test_a_browser_gets_the_refresh_token_in_a_cookie_that_scripts_cannot_read(server: AccountsServer) -> None:
    async with server.client(**PAGE) as browser:
        reply = await browser.post(
            "/graphql",
            json={
                "query": mutation_document("logIn", LOG_IN),
                "variables": {"input": {"email": EMAIL, "password": PASSWORD}},
            },
        )
        assert reply.json()["data"]["logIn"]["refreshToken"] is None
        cookie = next(each for each in reply.headers.get_list("set-cookie") if each.startswith("graphlore_refresh="))
        assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/graphql", "Max-Age=604800"))
        refreshed = (await execute(browser, REFRESH, input={}))["refreshSession"]
        assert refreshed["__typename"] == "LogInSuccess"
        assert (await server.run(VIEWER, refreshed["accessToken"]))["viewer"]["user"]["name"] == "Ada"


async def test_cookies_over_tls_are_marked_as_secure(server: AccountsServer) -> None:
    secure = {"origin": "https://localhost:8000", "graphql-require-preflight": "1"}
    async with server.client(**secure) as browser:
        await execute(browser, mutation_document("logIn", LOG_IN), input={"email": EMAIL, "password": PASSWORD})
        assert "__Secure-graphlore_refresh" in browser.cookies


@pytest.mark.parametrize("headers", [{}, {"graphql-require-preflight": "1"}, {"origin": PAGE["origin"]}])
async def test_a_cookie_is_neither_set_nor_read_without_origin_and_preflight(
    server: AccountsServer, headers: dict[str, str]
) -> None:
    log_in = {"email": EMAIL, "password": PASSWORD}
    async with server.client() as browser:
        refused = (await execute(browser, mutation_document("logIn", LOG_IN), headers, input=log_in))["logIn"]
        assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "delivery"])
        await execute(browser, mutation_document("logIn", LOG_IN), PAGE, input=log_in)
        refused = (await execute(browser, REFRESH, headers, input={}))["refreshSession"]
        assert refused["code"] == "FORBIDDEN"


async def test_a_page_of_another_site_cannot_refresh(server: AccountsServer) -> None:
    async with server.client(**PAGE) as browser:
        await execute(browser, mutation_document("logIn", LOG_IN), input={"email": EMAIL, "password": PASSWORD})
        foreign = {"origin": "https://evil.example", "graphql-require-preflight": "1"}
        reply = await browser.post("/graphql", json={"query": REFRESH, "variables": {"input": {}}}, headers=foreign)
    assert reply.status_code == 403


async def test_a_refresh_token_is_used_up_and_replaced(server: AccountsServer) -> None:
    first = (await server.log_in())["refreshToken"]
    second = (await server.run(REFRESH, input={"refreshToken": first}))["refreshSession"]
    assert second["refreshToken"] not in (None, first)
    third = (await server.run(REFRESH, input={"refreshToken": second["refreshToken"]}))["refreshSession"]
    assert third["__typename"] == "LogInSuccess"


async def test_two_tabs_that_refresh_at_once_stay_logged_in(server: AccountsServer) -> None:
    token = (await server.log_in())["refreshToken"]
    replies: list[Any] = []

    async def refresh() -> None:
        replies.append((await server.run(REFRESH, input={"refreshToken": token}))["refreshSession"])

    async with anyio.create_task_group() as tabs:
        for _ in range(16):
            tabs.start_soon(refresh)
    assert [reply["__typename"] for reply in replies] == ["LogInSuccess"] * 16
    assert len([reply for reply in replies if reply["refreshToken"]]) == 1
    for reply in replies:
        assert (await server.run(VIEWER, reply["accessToken"]))["viewer"]["user"]["name"] == "Ada"


async def test_a_copied_refresh_token_ends_the_log_in(server: AccountsServer) -> None:
    found = await server.log_in()
    newer = (await server.run(REFRESH, input={"refreshToken": found["refreshToken"]}))["refreshSession"]
    async with server.database.writing() as transaction:
        early = datetime.now(UTC) - timedelta(seconds=11)
        await RefreshToken.exclude(used_at=None).using_db(transaction).update(used_at=early)
    stolen = (await server.run(REFRESH, input={"refreshToken": found["refreshToken"]}))["refreshSession"]
    assert stolen["code"] == "INVALID_CREDENTIALS"
    assert (await server.run(REFRESH, input={"refreshToken": newer["refreshToken"]}))["refreshSession"]["code"] == (
        "INVALID_CREDENTIALS"
    )
    assert await server.rejected("{ documents { totalCount } }", newer["accessToken"]) == (401, "UNAUTHENTICATED")
    entries = (await server.run("{ auditEntries { nodes { action outcome } } }", await server.token()))["auditEntries"]
    assert {"action": "REFRESH_REUSED", "outcome": "DENIED"} in entries["nodes"]


async def test_an_expired_log_in_cannot_be_refreshed(server: AccountsServer) -> None:
    token = (await server.log_in())["refreshToken"]
    async with server.database.writing() as transaction:
        await RefreshToken.all().using_db(transaction).update(expires_at=datetime.now(UTC))
    assert (await server.run(REFRESH, input={"refreshToken": token}))["refreshSession"]["code"] == "INVALID_CREDENTIALS"


async def test_logging_out_ends_the_token_and_the_cookie(server: AccountsServer) -> None:
    async with server.client(**PAGE) as browser:
        log_in = await execute(
            browser, mutation_document("logIn", LOG_IN), input={"email": EMAIL, "password": PASSWORD}
        )
        token = log_in["logIn"]["accessToken"]
        out = await execute(browser, LOG_OUT, {"authorization": f"Bearer {token}"}, input={})
        assert out["logOut"]["ended"] == 1
        assert "graphlore_refresh" not in browser.cookies
        assert await server.rejected(VIEWER.replace("viewer", "documents { totalCount } viewer"), token) == (
            401, "UNAUTHENTICATED",
        )  # fmt: skip


async def test_logging_out_everywhere_ends_all_log_ins(server: AccountsServer) -> None:
    tokens = [await server.token() for _ in range(3)]
    assert (await server.run(LOG_OUT, tokens[0], input={"everywhere": True}))["logOut"]["ended"] == 3
    for token in tokens:
        assert await server.rejected("{ documents { totalCount } }", token) == (401, "UNAUTHENTICATED")


async def test_another_log_in_of_ones_own_is_ended_by_its_id_and_that_of_somebody_else_is_not_found(
    server: AccountsServer,
) -> None:
    ada, other, ben = await server.token(), await server.token(), await server.add_user()
    logins = (await server.run(VIEWER, ada))["viewer"]["logins"]
    other_id = next(login["id"] for login in logins if not login["current"])
    foreign = (await server.run(LOG_OUT, ben, input={"loginId": other_id}))["logOut"]
    assert foreign["code"] == "NOT_FOUND"
    current = (await server.run("{ viewer { logins { id current } } }", other))["viewer"]["logins"]
    own = next(login["id"] for login in current if login["current"])
    assert (await server.run(LOG_OUT, ada, input={"loginId": own}))["logOut"]["ended"] == 1
    assert await server.rejected("{ documents { totalCount } }", other) == (401, "UNAUTHENTICATED")
    assert (await server.run(VIEWER, ada))["viewer"]["user"]["name"] == "Ada"
