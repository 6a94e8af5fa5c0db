"""Every line of the security checklist has a test that exists."""

import ast
import re

from tests.paths import ROOT

ROWS = re.findall(
    r"^\| (.+?) \| `([^`]+)` \|$", (ROOT / "docs" / "security.md").read_text(encoding="utf-8"), re.MULTILINE
)
CHECKLIST = (
    "Hosts", "WebSockets", "Origins", "access token", "constant time", "multipart", "urlencoded", "GET", "CORS", "Batches",
    "Introspection", "GraphiQL", "suggestions", "Masking by POST", "Masking on WebSockets", "Policy", "Security headers",
    "Names of uploads", "`map`", "Limits", "Time limits", "Graceful stop",
)  # fmt: skip


def named_tests(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_the_page_names_exists() -> None:
    assert len(ROWS) > 30
    missing = [
        where
        for _, where in ROWS
        for file, _, name in [where.partition("::")]
        if not (ROOT / file).is_file() or (name and name not in named_tests(file))
    ]
    assert missing == []


def test_no_line_of_the_checklist_is_without_a_test() -> None:
    lines = " ".join(line for line, _ in ROWS)
    assert len({line for line, _ in ROWS}) == len({test for _, test in ROWS}) == len(ROWS), "one test for each line"
    assert [line for line in CHECKLIST if line not in lines] == []


def test_secrets_are_compared_in_constant_time() -> None:
    """Read from the code, since time is nothing that a test can measure: no secret stands beside `==`."""
    for file, secrets in (("security/security.py", {"_token"}), ("security/signing.py", {"_key", "given"})):
        tree = ast.parse((ROOT / "transport" / file).read_text(encoding="utf-8"))
        compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]
        named = {ast.unparse(side).rpartition(".")[2] for node in compared for side in (node.left, *node.comparators)
                 if not any(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops)}  # fmt: skip
        assert named & secrets == set()
        assert "compare_digest" in ast.unparse(tree)
