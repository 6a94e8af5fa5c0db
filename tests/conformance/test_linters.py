"""The schema, read by the linters that others hold their graphs to. Each finding says its rule and its place."""

import json
from pathlib import Path
from typing import Any

from graphql import GraphQLObjectType
from graphql import build_schema as read_schema

from tests.conformance.node import HERE, ROOT, run_node

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
"""All that the linter has, but for alphabetical order: ours is by what belongs together."""


def eslint(*files: Path, root: Path = ROOT) -> list[str]:
    """What the rules of `eslint.config.js` find in files of a root, as rule, place and message."""
    options = ("--config", str(HERE / "eslint.config.js"), "--no-inline-config", "--format", "json")
    reports = run_node(ESLINT, *options, *(str(file) for file in files), cwd=root)
    assert len(reports) == len(files), "every file was read"
    return [
        f"{found['ruleId']} in {Path(report['filePath']).name}:{found.get('line')}: {found['message']}"
        for report in reports
        for found in report["messages"]
    ]


def schema_linter(text: str) -> list[tuple[str, str]]:
    """What its rules find in a schema, as rule and message."""
    said: Any = run_node(SCHEMA_LINTER, "--stdin", "--format", "json", "--rules", ",".join(RULES), text=text)
    return [(found["rule"], found["message"]) for found in said["errors"]]


def test_the_recommended_rules_and_relays_find_nothing_in_the_schema() -> None:
    assert eslint(COMMITTED) == []


def test_every_exception_is_a_type_that_has_no_id() -> None:
    types = read_schema((ROOT / COMMITTED).read_text(encoding="utf-8")).type_map
    listed = json.loads((HERE / "value_types.json").read_text(encoding="utf-8"))
    for name in (name for names in listed.values() for name in names):
        kind = types.get(name)
        assert isinstance(kind, GraphQLObjectType), f"{name} is no longer in the schema"
        assert "id" not in kind.fields, f"{name} needs no exception"


MADE_UP = """
type Query {
  getBooks: BookConnection
  "the author."
  author: Author
}
type BookConnection { count: Int }
type Author { name: String }
"""


def test_the_recommended_rules_find_what_nobody_excepted(tmp_path: Path) -> None:
    (tmp_path / COMMITTED).parent.mkdir()
    (tmp_path / COMMITTED).write_text(MADE_UP)
    rules = {line.split(" ")[0].removeprefix("@graphql-eslint/") for line in eslint(COMMITTED, root=tmp_path)}
    assert rules >= {"naming-convention", "require-description", "strict-id-in-types", "relay-connection-types"}


def test_the_rules_of_relay_and_of_descriptions_find_nothing_in_the_schema() -> None:
    assert schema_linter((ROOT / COMMITTED).read_text(encoding="utf-8")) == []


def test_the_rules_of_relay_and_of_descriptions_find_what_they_are_there_for() -> None:
    rules = {rule for rule, _ in schema_linter(MADE_UP)}
    assert rules >= {"fields-have-descriptions", "descriptions-are-capitalized", "relay-connection-types-spec"}
