"""GraphQL over HTTP, as the audits of `graphql-http` read its specification."""

from tests.conformance.node import run_node

AUDITS = 61


def test_every_audit_of_graphql_over_http_is_passed(served: str) -> None:
    verdicts = run_node("audit.mjs", f"{served}/graphql")
    assert [verdict for verdict in verdicts if verdict["status"] != "ok"] == []
    assert len({verdict["id"] for verdict in verdicts}) == AUDITS
