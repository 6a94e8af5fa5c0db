"""The server passes the audits of the GraphQL over HTTP specification."""

from pathlib import Path
from typing import Any

from anyio import to_thread

from tests.conformance.members import serving_a_member
from tests.conformance.node import run_node

AUDITS = 61


def test_every_audit_is_passed(served: str) -> None:
    check(run_node("audit.mjs", f"{served}/graphql"))


async def test_every_audit_is_passed_for_a_member(tmp_path: Path) -> None:
    async with serving_a_member(tmp_path) as (server, token):
        check(await to_thread.run_sync(run_node, "audit.mjs", f"{server.url}/graphql", token))


def check(results: list[dict[str, Any]]) -> None:
    assert [result for result in results if result["status"] != "ok"] == []
    assert len({result["id"] for result in results}) == AUDITS
