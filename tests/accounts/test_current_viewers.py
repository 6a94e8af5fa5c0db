"""Viewers that are kept between requests are never older than the last change."""

from datetime import UTC, datetime, timedelta

from records.access import Viewer
from services.access.revocations import CurrentViewers, Revocations
from tests.access import LOCAL
from tests.accounts.server import AccountsServer


def test_a_viewer_is_kept_until_something_is_revoked() -> None:
    revocations = Revocations()
    viewers = CurrentViewers(revocations)
    viewers.get("secret")
    viewers.put("secret", Viewer(LOCAL))
    assert viewers.get("secret") == Viewer(LOCAL)
    assert viewers.get("another secret") is None
    revocations.revoke(LOCAL.user_id)
    assert viewers.get("secret") is None


def test_a_viewer_that_was_read_before_a_change_is_not_kept() -> None:
    revocations = Revocations()
    viewers = CurrentViewers(revocations)
    revocations.forget_viewers()
    viewers.get("secret")
    viewers.put("secret", Viewer(LOCAL, generation=0))
    assert viewers.get("secret") is None


def test_expired_credentials_are_not_found() -> None:
    viewers = CurrentViewers(Revocations())
    viewers.get("secret")
    viewers.put("secret", Viewer(LOCAL, expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert viewers.get("secret") is None


async def test_a_changed_name_is_seen_by_the_next_request(server: AccountsServer) -> None:
    token = await server.token()
    viewer = "{ viewer { user { id name } } documents { totalCount } }"
    user = (await server.run(viewer, token))["viewer"]["user"]
    await server.mutate("updateUser", token, id=user["id"], name="Ada Lovelace")
    await server.mutate("createApiKey", token, name="robot")
    entries = "{ auditEntries(filter: { action: [KEY_CREATED] }) { nodes { actorName } } }"
    assert (await server.run(entries, token))["auditEntries"]["nodes"] == [{"actorName": "Ada Lovelace"}]
