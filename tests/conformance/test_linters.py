"""Linters find nothing in the schema and the operations."""

import json
from pathlib import Path
from typing import Any

from graphql import GraphQLObjectType
from graphql import build_schema as read_schema

from tests.conformance.node import HERE, run_node
from tests.paths import ROOT

COMMITTED = Path("schema", "schema.graphql")
ESLINT = "node_modules/eslint/bin/eslint.js"
SCHEMA_LINTER = "node_modules/graphql-schema-linter/lib/cli.js"
RULES = (
    "relay-connection-arguments-spec",
    "relay-connection-types-spec",
    "relay-page-info-spec",
    "arguments-have-descriptions",
    "descriptions-are-capitalized",
    "enum-values-have-descriptions",
    "fields-have-descriptions",
    "input-object-values-have-descriptions",
    "types-have-descriptions",
    "defined-types-are-used",
    "deprecations-have-a-reason",
    "enum-values-all-caps",
    "fields-are-camel-cased",
    "input-object-values-are-camel-cased",
    "types-are-capitalized",
)
"""All rules of the linter except alphabetical order: fields are ordered by meaning."""


def eslint(*files: Path, root: Path = ROOT) -> list[str]:
    """Return what the rules of `eslint.config.js` find in files below a root, as rule, place and message."""
    options = ("--config", str(HERE / "eslint.config.js"), "--no-inline-config", "--format", "json")
    reports = run_node(ESLINT, *options, *(str(file) for file in files), cwd=root)
    assert len(reports) == len(files), "every file must be read"
    return [
        f"{found['ruleId']} in {Path(report['filePath']).name}:{found.get('line')}: {found['message']}"
        for report in reports
        for found in report["messages"]
    ]


def schema_linter(text: str) -> list[tuple[str, str]]:
    """Return what graphql-schema-linter finds in a schema, as rule and message."""
    output: Any = run_node(SCHEMA_LINTER, "--stdin", "--format", "json", "--rules", ",".join(RULES), text=text)
    return [(found["rule"], found["message"]) for found in output["errors"]]


def test_eslint_finds_nothing_in_the_schema() -> None:
    assert eslint(COMMITTED) == []


def test_every_type_exempt_from_ids_exists_and_has_no_id() -> None:
    types = read_schema((ROOT / COMMITTED).read_text(encoding="utf-8")).type_map
    listed = json.loads((HERE / "value_types.json").read_text(encoding="utf-8"))
    for name in (name for names in listed.values() for name in names):
        kind = types.get(name)
        assert isinstance(kind, GraphQLObjectType), f"{name} is not in the schema"
        assert "id" not in kind.fields, f"{name} has an id and needs no exception"


BAD_SCHEMA = """
type Query {
  getBooks: BookConnection
  "the author."
  author: Author
}
type BookConnection { count: Int }
type Author { name: String }
"""


def test_eslint_reports_violations(tmp_path: Path) -> None:
    (tmp_path / COMMITTED).parent.mkdir()
    (tmp_path / COMMITTED).write_text(BAD_SCHEMA)
    rules = {line.split(" ")[0].removeprefix("@graphql-eslint/") for line in eslint(COMMITTED, root=tmp_path)}
    assert rules >= {"naming-convention", "require-description", "strict-id-in-types", "relay-connection-types"}


def test_graphql_schema_linter_finds_nothing_in_the_schema() -> None:
    assert schema_linter((ROOT / COMMITTED).read_text(encoding="utf-8")) == []


def test_graphql_schema_linter_reports_violations() -> None:
    rules = {rule for rule, _ in schema_linter(BAD_SCHEMA)}
    assert rules >= {"fields-have-descriptions", "descriptions-are-capitalized", "relay-connection-types-spec"}


def test_eslint_finds_nothing_in_the_operations() -> None:
    operations = [file.relative_to(ROOT) for file in (ROOT / "tests" / "operations").rglob("*.graphql")]
    assert operations, "tests/operations/ must have operations"
    assert eslint(*operations) == []
