"""The schema has no breaking change that the last release did not deprecate.

`docs/releases/` has the schema of each release, named by its version. Create it when the version is set:
`cp schema/schema.graphql docs/releases/VERSION.graphql`. The file of the version in `pyproject.toml` may be replaced until
that version is released; older files are never changed.
"""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.conformance.node import run_node
from tests.paths import ROOT

RELEASES = ROOT / "docs" / "releases"
SERVED = (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")
BOOKS = """
type Query { book(edition: Int): Book  author: String @deprecated(reason: "Ask for `book`.") }
type Book { title: String!  pages: Int @deprecated(reason: "Ask for `leaves`.")  state: State }
input Search { words: String  exact: Boolean @deprecated(reason: "All are.") }
enum State { NEW  WORN @deprecated(reason: "Say OLD.") }
"""


def version(release: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in release.stem.split("."))


def breaking_changes(released: str, served: str) -> list[str]:
    changes: list[str] = run_node("diff.mjs", text=json.dumps({"released": released, "served": served}))
    return changes


def test_the_last_release_deprecated_every_breaking_change() -> None:
    last = max(RELEASES.glob("*.graphql"), key=version)
    assert breaking_changes(last.read_text(encoding="utf-8"), SERVED) == []


def test_every_release_has_a_schema() -> None:
    released = re.findall(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [version for version in released if not (RELEASES / f"{version}.graphql").exists()] == []


def test_no_release_is_newer_than_the_version() -> None:
    current = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert max(map(version, RELEASES.glob("*.graphql"))) <= tuple(map(int, current.split(".")))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("title: String!", "", "Field 'title' was removed from object type 'Book'"),
        ("title: String!", "title: String", "Field 'Book.title' changed type from 'String!' to 'String'"),
        ("(edition: Int)", "(edition: Int!)", "Type for argument 'edition' on field 'Query.book' changed"),
        ("(edition: Int)", "", "Argument 'edition: Int' was removed from field 'Query.book'"),
        ("words: String ", "", "Input field 'words' was removed"),
        ("NEW", "", "Enum value 'NEW' was removed"),
    ],
)
def test_a_breaking_change_is_found(before: str, after: str, message: str) -> None:
    (found,) = breaking_changes(BOOKS, BOOKS.replace(before, after))
    assert found.startswith(message)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('author: String @deprecated(reason: "Ask for `book`.")', ""),
        ("author: String", "author: Int"),
        ("pages: Int", "pages: String"),
        ('exact: Boolean @deprecated(reason: "All are.")', ""),
        ('WORN @deprecated(reason: "Say OLD.")', ""),
        ("state: State", "state: State!"),
        ("NEW", "NEW OLD"),
    ],
)
def test_additions_and_changes_of_deprecated_parts_are_allowed(before: str, after: str) -> None:
    assert breaking_changes(BOOKS, BOOKS.replace(before, after)) == []
