"""Users: roles, closing accounts, passwords, API keys and the audit log."""

from typing import Any

import anyio
import pytest

from persistence.database.sqlite import fetch
from tests.accounts.server import EMAIL, PASSWORD, AccountsServer

NEW = "another password of geese"
DOCUMENTS = "{ documents { totalCount } }"
CREATE = 'mutation { createSession(input: { name: "Bolts" }) { __typename } }'


async def user_id(server: AccountsServer, email: str) -> str:
    found = (await server.run("{ users { nodes { id email } } }", await server.token()))["users"]["nodes"]
    return str(next(user["id"] for user in found if user["email"] == email))


async def test_a_user_sees_only_themselves(server: AccountsServer) -> None:
    ben = await server.add_user()
    ada_id = await user_id(server, EMAIL)
    found = await server.run(
        "query ($id: ID!) { users { totalCount nodes { name } } user(id: $id) { name } }", ben, id=ada_id
    )
    assert found == {"users": {"totalCount": 1, "nodes": [{"name": "Ben"}]}, "user": None}
    refused = await server.mutate("updateUser", ben, id=ada_id, name="taken")
    assert refused["code"] == "NOT_FOUND"
    assert await server.rejected("{ auditEntries { totalCount } }", ben) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("actor", "target", "changes", "code"),
    [
        ("ada", "ada", {"role": "USER"}, "FORBIDDEN"),
        ("ada", "ada", {"active": False}, "FORBIDDEN"),
        ("ada", "ben", {"role": "SUPERADMIN"}, "FORBIDDEN"),
        ("ada", "ben", {"role": "USER"}, None),
        ("ada", "ada", {"name": "Ada L."}, None),
        ("ben", "cleo", {"role": "ADMIN"}, "FORBIDDEN"),
        ("ben", "cleo", {"active": False}, None),
        ("ben", "ada", {"name": "Eve"}, "FORBIDDEN"),
        ("ben", "ada", {"active": False}, "FORBIDDEN"),
        ("ben", "ben", {"active": False}, "FORBIDDEN"),
        ("cleo", "cleo", {"role": "ADMIN"}, "FORBIDDEN"),
        ("cleo", "cleo", {"name": "Cleopatra"}, None),
        ("cleo", "ada", {"name": "Eve"}, "NOT_FOUND"),
        ("cleo", "cleo", {"name": None}, "INVALID_INPUT"),
    ],
)
async def test_changes_of_users_by_role(
    server: AccountsServer, actor: str, target: str, changes: dict[str, Any], code: str | None
) -> None:
    """Ada is the superadmin, Ben an administrator, Cleo a user."""
    tokens = {
        "ben": await server.add_user("ben@example.org", "ADMIN"), "cleo": await server.add_user("cleo@example.org"),
        "ada": await server.token(),
    }  # fmt: skip
    found = await server.mutate(
        "updateUser", tokens[actor], id=await user_id(server, f"{target}@example.org"), **changes
    )
    assert found.get("code") == code


async def test_a_role_applies_to_the_next_request(server: AccountsServer) -> None:
    ben = await server.add_user("ben@example.org", "ADMIN")
    assert (await server.run("{ invitations { totalCount } }", ben))["invitations"]["totalCount"] == 1
    await server.mutate("updateUser", await server.token(), id=await user_id(server, "ben@example.org"), role="USER")
    assert await server.rejected("{ invitations { totalCount } }", ben) == (403, "FORBIDDEN")


async def test_a_closed_account_has_no_access_at_once(server: AccountsServer) -> None:
    ben = await server.add_user()
    key = await server.api_key(ben)
    await server.mutate("updateUser", await server.token(), id=await user_id(server, "ben@example.org"), active=False)
    for secret in (ben, key):
        assert await server.rejected(DOCUMENTS, secret) == (401, "UNAUTHENTICATED")


async def test_a_changed_password_ends_all_other_log_ins(server: AccountsServer) -> None:
    here, elsewhere = await server.token(), await server.token()
    wrong = await server.mutate("changePassword", here, current="wrong", password=NEW)
    assert wrong["code"] == "INVALID_CREDENTIALS"
    weak = await server.mutate("changePassword", here, current=PASSWORD, password="short")
    assert weak["code"] == "WEAK_PASSWORD"
    assert (await server.mutate("changePassword", here, current=PASSWORD, password=NEW))["__typename"] == (
        "ChangePasswordSuccess"
    )
    assert (await server.run(DOCUMENTS, here))["documents"]["totalCount"] == 2
    assert await server.rejected(DOCUMENTS, elsewhere) == (401, "UNAUTHENTICATED")
    assert (await server.log_in())["code"] == "INVALID_CREDENTIALS"
    assert (await server.log_in(password=NEW))["__typename"] == "LogInSuccess"


async def test_guessing_the_current_password_is_limited(server: AccountsServer) -> None:
    token = await server.token()
    codes = [(await server.mutate("changePassword", token, current="wrong", password=NEW))["code"] for _ in range(7)]
    assert codes == ["INVALID_CREDENTIALS"] * 5 + ["RATE_LIMITED"] * 2


async def test_a_reset_code_sets_a_password_once(server: AccountsServer) -> None:
    ben = await server.add_user()
    reset = {"id": await user_id(server, "ben@example.org")}
    ada = await server.token()
    first = (await server.mutate("resetPassword", ada, "... on ResetPasswordSuccess { resetCode }", **reset))[
        "resetCode"
    ]
    code = (await server.mutate("resetPassword", ada, "... on ResetPasswordSuccess { resetCode }", **reset))[
        "resetCode"
    ]
    replaced = await server.mutate("changePassword", None, code=first, password=NEW)
    assert replaced["code"] == "INVALID_CREDENTIALS"
    weak = await server.mutate("changePassword", None, code=code, password="short")
    assert weak["code"] == "WEAK_PASSWORD"
    results: list[str] = []

    async def use() -> None:
        results.append((await server.mutate("changePassword", None, code=code, password=NEW))["__typename"])

    async with anyio.create_task_group() as attempts:
        for _ in range(8):
            attempts.start_soon(use)
    assert sorted(results) == ["ChangePasswordSuccess"] + ["InvalidCredentialsError"] * 7
    assert await server.rejected(DOCUMENTS, ben) == (401, "UNAUTHENTICATED")
    assert (await server.log_in("ben@example.org", NEW))["__typename"] == "LogInSuccess"


async def test_passwords_are_reset_only_for_lower_roles(server: AccountsServer) -> None:
    ben = await server.add_user("ben@example.org", "ADMIN")
    for email in (EMAIL, "ben@example.org"):
        found = await server.mutate("resetPassword", ben, id=await user_id(server, email))
        assert found["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("limit", "operation", "is_permitted"),
    [
        ("READ", DOCUMENTS, True),
        ("READ", CREATE, False),
        ("WRITE", CREATE, True),
        ("WRITE", "{ invitations { totalCount } }", False),
        ("WRITE", "mutation { stopIndexing(input: {}) { __typename } }", False),
        ("ADMIN", "{ invitations { totalCount } }", True),
        ("ADMIN", 'mutation { createApiKey(input: { name: "more" }) { __typename } }', False),
        ("ADMIN", "mutation { logOut(input: { everywhere: true }) { __typename } }", False),
        (
            "ADMIN",
            f'mutation {{ changePassword(input: {{ current: "{PASSWORD}", password: "{NEW}" }}) {{ __typename }} }}',
            False,
        ),
    ],
)
async def test_an_api_key_permits_operations_up_to_its_limit(
    server: AccountsServer, limit: str, operation: str, is_permitted: bool
) -> None:
    key = await server.api_key(await server.token(), limit)
    if is_permitted:
        await server.run(operation, key)
    else:
        assert await server.rejected(operation, key) == (403, "FORBIDDEN")


async def test_an_api_key_changes_no_role(server: AccountsServer) -> None:
    await server.add_user()
    key = await server.api_key(await server.token(), "ADMIN")
    found = await server.mutate("updateUser", key, id=await user_id(server, "ben@example.org"), role="ADMIN")
    assert found["code"] == "FORBIDDEN"


async def test_a_user_creates_no_key_for_administration(server: AccountsServer) -> None:
    found = await server.mutate("createApiKey", await server.add_user(), name="robot", limit="ADMIN")
    assert found["code"] == "FORBIDDEN"


async def test_a_revoked_key_is_not_accepted_and_that_of_somebody_else_is_not_found(server: AccountsServer) -> None:
    ada, ben = await server.token(), await server.add_user()
    key = await server.api_key(ada)
    keys = "{ viewer { apiKeys { id name prefix limit lastUsedAt expiresAt } } }"
    [record] = (await server.run(keys, key))["viewer"]["apiKeys"]
    assert key.startswith(record["prefix"] + "_")
    assert (record["name"], record["limit"]) == ("robot", "READ")
    assert record["lastUsedAt"] < record["expiresAt"]
    assert (await server.mutate("revokeApiKey", ben, id=record["id"]))["code"] == "NOT_FOUND"
    assert (await server.mutate("revokeApiKey", ada, id=record["id"]))["__typename"] == "RevokeApiKeySuccess"
    assert await server.rejected(DOCUMENTS, key) == (401, "UNAUTHENTICATED")


async def test_the_audit_log_tells_who_did_what_without_secrets(server: AccountsServer) -> None:
    ben = await server.add_user()
    key = await server.api_key(ben)
    await server.log_in("ben@example.org", "the wrong password")
    ada = await server.token()
    await server.mutate("updateUser", ada, id=await user_id(server, "ben@example.org"), role="ADMIN")
    fields = "action outcome actorName actor { name } targetName viaApiKey address detail"
    entries = (await server.run(f"{{ auditEntries(first: 100) {{ nodes {{ {fields} }} }} }}", ada))["auditEntries"][
        "nodes"
    ]
    found = [(entry["action"], entry["outcome"], entry["actorName"]) for entry in entries]
    for expected in (
        ("INVITED", "DONE", "Ada"), ("SIGN_UP", "DONE", "Ben"), ("KEY_CREATED", "DONE", "Ben"),
        ("LOG_IN_FAILED", "DENIED", "ben@example.org"), ("ROLE_CHANGED", "DONE", "Ada"),
    ):  # fmt: skip
        assert expected in found
    role = next(entry for entry in entries if entry["action"] == "ROLE_CHANGED")
    assert (role["targetName"], role["detail"], role["address"]) == (
        "Ben",
        {"role": "ADMIN", "active": True},
        "127.0.0.1",
    )
    assert not any(secret in str(entries) for secret in (key, PASSWORD, ada))
    since = "query ($filter: AuditFilter) { auditEntries(filter: $filter) { nodes { action } } }"
    chosen = await server.run(since, ada, filter={"action": ["INVITED"]})
    assert chosen["auditEntries"]["nodes"] == [{"action": "INVITED"}]
    assert (await server.run(since, ada, filter={"action": []}))["auditEntries"]["nodes"] == []
    assert (await server.run("{ users(filter: { role: [] }) { totalCount } }", ada))["users"]["totalCount"] == 0


async def test_no_secret_is_stored_as_it_is(server: AccountsServer) -> None:
    ben = await server.log_in()
    secrets = (PASSWORD, ben["refreshToken"], await server.api_key(ben["accessToken"]), ben["accessToken"])
    async with server.database.reading() as reader:
        tables = [row[0] for row in await fetch(reader, "SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [
            str([tuple(row) for row in await fetch(reader, f"SELECT * FROM {table}")])
            for table in tables
            if "fts" not in table
        ]
    assert not any(secret in text for secret in secrets for text in kept)
