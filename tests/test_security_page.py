"""Every line of the security checklist names an existing test."""

import ast
import re

from records.access import AccessScope, Role, Viewer
from records.ids import UserId
from services.access.secret_tokens import is_equal
from tests.paths import ROOT
from transport import Links

ROWS = re.findall(
    r"^\| (.+?) \| `([^`]+)` \|$", (ROOT / "docs" / "security.md").read_text(encoding="utf-8"), re.MULTILINE
)
CHECKLIST = (
    "Hosts", "WebSockets", "Origins", "access token", "constant time", "multipart", "urlencoded", "GET", "CORS", "Batches",
    "Introspection", "GraphiQL", "suggestions", "Masking by POST", "Masking on WebSockets", "Policy", "Security headers",
    "Names of uploads", "`map`", "Limits", "Time limits", "Graceful stop",
)  # fmt: skip


def names_of_tests(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_the_page_names_exists() -> None:
    assert len(ROWS) > 30
    missing = [
        where
        for _, where in ROWS
        for file, _, name in [where.partition("::")]
        if not (ROOT / file).is_file() or (name and name not in names_of_tests(file))
    ]
    assert missing == []


def test_every_subject_of_the_checklist_has_a_line_with_a_test_of_its_own() -> None:
    lines = " ".join(line for line, _ in ROWS)
    assert len({line for line, _ in ROWS}) == len({test for _, test in ROWS}) == len(ROWS)
    assert [line for line in CHECKLIST if line not in lines] == []


class Incomparable(str):
    """A string whose comparison by `==` or `!=` fails the test."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        raise AssertionError("a secret is compared in a time that depends on its content")

    __ne__ = __eq__


def test_secrets_are_compared_in_constant_time() -> None:
    """`compare_digest` works on bytes; a comparison of the strings themselves would fail."""
    assert is_equal(Incomparable("correct horse"), Incomparable("correct horse"))
    assert not is_equal(Incomparable("correct horse"), Incomparable("wrong horse"))
    links = Links(b"correct horse")
    path, _, query = links.sign("/documents/1/original", Viewer(AccessScope(UserId(7), Role.USER))).partition("?")
    parameters = {name: Incomparable(value) for name, value in (each.split("=") for each in query.split("&"))}
    assert links.find_holder("GET", path, parameters) == (7, None)
    assert links.find_holder("GET", "/documents/2/original", parameters) is None
