"""Invitations, approval, closed sign-up and the rules of passwords."""

import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from persistence.database.access_tables import Invitation
from persistence.database.database import Database
from records.access import AccountsMode
from tests.accounts.server import EMAIL, PASSWORD, AccountsServer, open_accounts


async def test_an_invitation_creates_one_account_with_its_role(server: AccountsServer) -> None:
    code = (await server.invite(await server.token(), role="ADMIN"))["invitationCode"]
    assert (await server.sign_up("ben@example.org", code))["ready"]
    found = await server.run("{ viewer { role user { name } } }", await server.token("ben@example.org"))
    assert found["viewer"] == {"role": "ADMIN", "user": {"name": "Ben"}}
    assert (await server.sign_up("cleo@example.org", code))["code"] == "INVALID_INPUT"


async def test_parallel_sign_ups_with_one_invitation_create_one_account(server: AccountsServer) -> None:
    code = (await server.invite(await server.token()))["invitationCode"]
    results: list[Any] = []

    async def sign_up(number: int) -> None:
        results.append(await server.sign_up(f"person{number}@example.org", code))

    async with anyio.create_task_group() as people:
        for number in range(64):
            people.start_soon(sign_up, number)
    assert len([each for each in results if each.get("ready")]) == 1
    assert (await server.run("{ users { totalCount } }", await server.token()))["users"]["totalCount"] == 2


async def test_an_invitation_for_an_address_admits_no_other(server: AccountsServer) -> None:
    code = (await server.invite(await server.token(), email="ben@example.org"))["invitationCode"]
    assert (await server.sign_up("cleo@example.org", code))["code"] == "INVALID_INPUT"
    assert (await server.sign_up("Ben@Example.org", code))["ready"]


async def test_revoked_expired_and_unknown_invitations_have_the_same_reply(server: AccountsServer) -> None:
    ada = await server.token()
    revoked, expired = await server.invite(ada), await server.invite(ada)
    await server.mutate("revokeInvitation", ada, id=revoked["invitation"]["id"])
    async with server.database.writing() as transaction:
        await Invitation.all().using_db(transaction).update(expires_at=datetime.now(UTC))
    codes = (revoked["invitationCode"], expired["invitationCode"], "never-existed", None)
    replies = [await server.sign_up("ben@example.org", code) for code in codes]
    assert all(reply == replies[0] for reply in replies)
    assert replies[0]["path"] == ["input", "invitation"]


async def test_a_known_address_keeps_its_invitation_and_its_password(server: AccountsServer) -> None:
    code = (await server.invite(await server.token()))["invitationCode"]
    assert (await server.sign_up(EMAIL.upper(), code, password="another password, quite long"))["ready"] is False
    assert (await server.log_in())["__typename"] == "LogInSuccess"
    assert (await server.sign_up("ben@example.org", code))["ready"]


async def test_an_administrator_opens_accounts_that_need_approval(database: Database, tmp_path: Path) -> None:
    async with open_accounts(database, tmp_path, AccountsMode.APPROVAL) as server:
        await server.set_up()
        assert (await server.sign_up("ben@example.org", None))["ready"] is False
        assert (await server.sign_up("ben@example.org", None))["ready"] is False, "the reply for a known address"
        assert (await server.log_in("ben@example.org"))["code"] == "INVALID_CREDENTIALS"
        ada = await server.token()
        waiting = (await server.run("{ users(filter: { active: false }) { nodes { id name } } }", ada))["users"][
            "nodes"
        ]
        assert [user["name"] for user in waiting] == ["Ben"]
        await server.mutate("updateUser", ada, id=waiting[0]["id"], active=True)
        assert (await server.log_in("ben@example.org"))["__typename"] == "LogInSuccess"


async def test_a_closed_server_accepts_no_invitation(database: Database, tmp_path: Path) -> None:
    async with open_accounts(database, tmp_path, AccountsMode.CLOSED) as server:
        await server.set_up()
        code = (await server.invite(await server.token()))["invitationCode"]
        assert (await server.sign_up("ben@example.org", code))["code"] == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("fourteen chars", "TOO_SHORT"),
        ("e\u0301" * 14, "TOO_SHORT"),  # 28 code points, 14 after normalization
        ("x" * 1025, "TOO_LONG"),
        ("aaaaaaaaaaaaaaaa", "REPEATED"),
        ("passwordpassword", "REPEATED"),
        ("iloveyou12345678", "COMMON"),
        ("Ben Johnson ben johnson", "CONTAINS_NAME"),
        ("graphlore graphlore", "CONTAINS_NAME"),
    ],
)
async def test_a_weak_password_is_refused_with_its_reason(server: AccountsServer, password: str, reason: str) -> None:
    code = (await server.invite(await server.token()))["invitationCode"]
    found = await server.sign_up("ben.johnson@example.org", code, "Ben Johnson", password)
    assert (found["code"], found["reason"], found["path"]) == ("WEAK_PASSWORD", reason, ["input", "password"])
    assert (await server.sign_up("ben.johnson@example.org", code, "Ben Johnson"))["ready"], (
        "the invitation is still valid"
    )


@pytest.mark.parametrize(
    "password",
    [
        "🍎🍐🍊🍋🍌🍉🍇🍓🫐🍈🍒🍑🥭🍍🥥",
        unicodedata.normalize("NFD", "Grüße an die Möwen über Köln"),
        "y Q" + "7k!zR#" * 170,
    ],
)
async def test_a_password_may_have_any_characters_in_any_normal_form(server: AccountsServer, password: str) -> None:
    code = (await server.invite(await server.token()))["invitationCode"]
    assert (await server.sign_up("ben@example.org", code, password=password))["ready"]
    for form in ("NFC", "NFD"):
        found = await server.log_in("ben@example.org", unicodedata.normalize(form, password))
        assert found["__typename"] == "LogInSuccess"


async def test_sign_ups_of_a_network_are_limited(server: AccountsServer) -> None:
    codes = {(await server.sign_up(f"person{number}@example.org", "unknown"))["code"] for number in range(40)}
    assert codes == {"INVALID_INPUT", "RATE_LIMITED"}


@pytest.mark.parametrize(
    ("input", "code"),
    [
        ({"role": "SUPERADMIN"}, "FORBIDDEN"),
        ({"expiresInHours": 0}, "INVALID_INPUT"),
        ({"expiresInHours": 721}, "INVALID_INPUT"),
        ({"email": "no address"}, "INVALID_INPUT"),
    ],
)
async def test_an_invalid_invitation_is_refused(server: AccountsServer, input: dict[str, Any], code: str) -> None:
    assert (await server.invite(await server.token(), **input))["code"] == code


async def test_an_administrator_invites_no_superadmin_and_a_user_nobody(server: AccountsServer) -> None:
    admin, user = await server.add_user("ben@example.org", "ADMIN"), await server.add_user("cleo@example.org")
    assert (await server.invite(admin))["invitation"]["role"] == "USER"
    assert (await server.invite(admin, role="ADMIN"))["code"] == "FORBIDDEN"
    assert (await server.invite(admin, role="SUPERADMIN"))["code"] == "FORBIDDEN"
    document = "mutation { createInvitation(input: {}) { __typename } }"
    assert await server.rejected(document, user) == (403, "FORBIDDEN")
    assert await server.rejected("{ invitations { totalCount } }", user) == (403, "FORBIDDEN")
    assert PASSWORD not in str(await server.run("{ users { nodes { name email } } }", admin))
