"""The server passes the audits of the GraphQL over HTTP specification."""

from tests.conformance.node import run_node

AUDITS = 61


def test_every_audit_is_passed(served: str) -> None:
    results = run_node("audit.mjs", f"{served}/graphql")
    assert [result for result in results if result["status"] != "ok"] == []
    assert len({result["id"] for result in results}) == AUDITS
