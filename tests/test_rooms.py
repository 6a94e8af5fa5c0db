"""The layout of the code: allowed imports between packages, isolation of native libraries, sizes and names of files."""

import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.paths import ROOT
from tests.support.source import imported, modules

ARROWS = {
    "server": {
        "bootstrap",
        "concurrency",
        "logs",
        "records",
        "resolvers",
        "schema",
        "services",
        "settings",
        "telemetry",
        "transport",
    },
    "bootstrap": {
        "concurrency",
        "engines",
        "persistence",
        "records",
        "resolvers",
        "services",
        "settings",
        "workers",
    },
    "transport": {"concurrency", "records"},
    "schema": {"records", "resolvers"},
    "resolvers": {"records", "services"},
    "services": {"concurrency", "engines", "records", "workers"},
    "engines": {"concurrency", "records", "workers"},
    "persistence": {"concurrency", "records", "workers"},
    "workers": {"concurrency", "records"},
    "concurrency": {"records"},
    "records": set[str](),
    "settings": set[str](),
    "logs": set[str](),
    "telemetry": {"records"},
    "examples": set[str](),
}
"""The top-level packages that each package may import."""

FEATURE_ARROWS = {
    "access": set[str](),
    "answers": {"collections", "metrics", "prompts", "usage"},
    "collections": {"access", "ingestion"},
    "indexing": {"metrics"},
    "erasure": {"access", "collections"},
    "ingestion": {"usage"},
    "metrics": set[str](),
    "models": {"metrics"},
    "prompts": set[str](),
    "retrieval": {"metrics"},
    "sessions": set[str](),
    "usage": set[str](),
}
"""The other features of `services/` that each feature may import. All may import the modules at its top level."""

ENGINE_ARROWS = {
    "embedding": {"inference"},
    "inference": set[str](),
    "parsing": set[str](),
    "reranking": {"embedding"},
}
"""The other engines that each engine may import."""

WORKER_CODE = re.compile(r"(engines/\w+|persistence/vectors)/worker/")
NATIVE = frozenset({
    "chromadb", "cv2", "docling", "docling_core", "docling_parse", "llama_cpp", "numpy", "onnxruntime", "PIL", "pypdfium2",
    "rapidocr", "sentence_transformers", "tokenizers", "torch", "transformers",
})  # fmt: skip
"""Libraries with native code, which only worker processes import."""

OPTIONAL = {"opentelemetry"}
MAX_FILES = 15
LARGE_FOLDERS: dict[str, str] = {
    "engines/parsing/formats": "one file for each file format",
    "engines/parsing/worker/readers": "one file for each file format",
    "resolvers": "one file for each feature, and what they share",
    "tests/fakes": "one file for each component that is faked",
}
"""Folders with more than `MAX_FILES` files, with the reason."""


def is_worker_code(name: str) -> bool:
    return WORKER_CODE.match(name) is not None


def package_of(name: str) -> str:
    """Return the top-level package of a file."""
    return name.split("/")[0].removesuffix(".py")


def imports_between(arrows: dict[str, set[str]], folder: str) -> Iterator[str]:
    """Yield the imports between subpackages of a folder that no arrow allows."""
    for name, tree in modules().items():
        parts = name.split("/")
        if parts[0] != folder or len(parts) < 3:
            continue
        for target in (each.split(".") for each in imported(tree)):
            if target[0] == folder and target[1] in arrows and target[1] not in arrows[parts[1]] | {parts[1]}:
                yield f"{name} imports {'.'.join(target)}"


@pytest.mark.parametrize("package", ARROWS)
def test_a_package_imports_only_along_the_arrows(package: str) -> None:
    files = {name: tree for name, tree in modules().items() if package_of(name) == package}
    assert files, f"there is no package {package}"
    others = (set(ARROWS) | {"tests", "benchmarks"}) - ARROWS[package] - {package}
    assert [
        f"{name} imports {target}"
        for name, tree in files.items()
        for target in imported(tree)
        if target.split(".")[0] in others
    ] == []


def test_features_of_services_import_each_other_only_along_the_arrows() -> None:
    assert list(imports_between(FEATURE_ARROWS, "services")) == []


def test_engines_import_each_other_only_along_the_arrows() -> None:
    assert list(imports_between(ENGINE_ARROWS, "engines")) == []


def test_every_package_has_declared_imports() -> None:
    code = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {path.stem for path in ROOT.glob("*.py")}
    assert code - {"tests", "benchmarks"} == set(ARROWS)
    assert {path.parent.name for path in ROOT.glob("services/*/__init__.py")} - {"interfaces"} == set(FEATURE_ARROWS)
    assert {path.parent.name for path in ROOT.glob("engines/*/__init__.py")} == set(ENGINE_ARROWS)


def test_code_of_worker_processes_is_imported_only_there() -> None:
    assert [
        f"{name} imports {target}"
        for name, tree in modules().items()
        if package_of(name) in ARROWS and not is_worker_code(name)
        for target in imported(tree)
        if is_worker_code(f"{target.replace('.', '/')}/")
    ] == []


def test_only_the_composition_root_imports_the_scope_of_the_server() -> None:
    assert {
        package_of(name)
        for name, tree in modules().items()
        if package_of(name) in ARROWS and any(each.startswith("records.access.system_scope") for each in imported(tree))
    } == {"bootstrap"}


def test_native_libraries_are_imported_only_in_worker_processes() -> None:
    assert [
        f"{name} imports {target}"
        for name, tree in modules().items()
        if package_of(name) in ARROWS and not is_worker_code(name)
        for target in imported(tree)
        if target.split(".")[0] in NATIVE
    ] == []


def test_the_server_process_loads_neither_native_nor_optional_libraries() -> None:
    program = f"import server, sys; print(*sorted({NATIVE | OPTIONAL!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert loaded.stdout.split() == []


def test_folders_with_many_files_have_a_reason() -> None:
    sizes = Counter(str(PurePosixPath(name).parent) for name in modules() if not name.endswith("__init__.py"))
    assert {folder for folder, size in sizes.items() if size > MAX_FILES} == set(LARGE_FOLDERS)


SAME_ROLE = frozenset({
    "__init__", "__main__", "client", "conftest", "endpoint", "frames", "inputs", "interfaces", "main", "mutations",
    "program", "protocol", "queries", "subscriptions", "types",
})  # fmt: skip
"""File names that have the same meaning in every folder."""

FEATURES = frozenset({
    "accounts", "chunks", "collections", "document", "documents", "errors", "events", "groups", "indexing", "messages",
    "model", "models", "search", "session", "sessions", "statistics", "system", "usage",
})  # fmt: skip
"""Features of the product. Each layer may have one file with such a name."""

FORMATS = ("engines/parsing/formats", "engines/parsing/worker/readers")
"""Folders with one file for each file format, named after it."""


def test_files_share_a_name_only_where_they_play_the_same_role() -> None:
    places = defaultdict(list)
    for name in modules():
        path = PurePosixPath(name)
        if package_of(name) in ARROWS and path.stem not in SAME_ROLE and str(path.parent) not in FORMATS:
            layer = package_of(name) if path.stem in FEATURES else ""
            places[layer, path.stem].append(name)
    assert [sorted(same) for same in places.values() if len(same) > 1] == []
