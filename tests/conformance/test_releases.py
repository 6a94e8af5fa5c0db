"""Clients that were written for the last release still work: what breaks them was deprecated there first.

`docs/releases/` holds the schema of each release, named by its version. A release makes its own, once, when its
version is set: `cp schema/schema.graphql docs/releases/VERSION.graphql`. That of the version in `pyproject.toml` may
be written again until the release is out; those before it stay as they are.
"""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.conformance.node import ROOT, run_node

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


def breaking(released: str, served: str) -> list[str]:
    found: list[str] = run_node("diff.mjs", text=json.dumps({"released": released, "served": served}))
    return found


def test_nothing_is_broken_that_the_last_release_did_not_deprecate() -> None:
    last = max(RELEASES.glob("*.graphql"), key=version)
    assert breaking(last.read_text(encoding="utf-8"), SERVED) == []


def test_every_release_has_its_schema() -> None:
    released = re.findall(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [version for version in released if not (RELEASES / f"{version}.graphql").exists()] == []


def test_no_release_is_ahead_of_the_version() -> None:
    current = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert max(map(version, RELEASES.glob("*.graphql"))) <= tuple(map(int, current.split(".")))


@pytest.mark.parametrize(
    ("was", "now", "complaint"),
    [
        ("title: String!", "", "Field 'title' was removed from object type 'Book'"),
        ("title: String!", "title: String", "Field 'Book.title' changed type from 'String!' to 'String'"),
        ("(edition: Int)", "(edition: Int!)", "Type for argument 'edition' on field 'Query.book' changed"),
        ("(edition: Int)", "", "Argument 'edition: Int' was removed from field 'Query.book'"),
        ("words: String ", "", "Input field 'words' was removed"),
        ("NEW", "", "Enum value 'NEW' was removed"),
    ],
)
def test_a_change_that_breaks_clients_is_found(was: str, now: str, complaint: str) -> None:
    (found,) = breaking(BOOKS, BOOKS.replace(was, now))
    assert found.startswith(complaint)


@pytest.mark.parametrize(
    ("was", "now"),
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
def test_what_was_deprecated_may_change_and_what_is_new_breaks_nothing(was: str, now: str) -> None:
    assert breaking(BOOKS, BOOKS.replace(was, now)) == []
