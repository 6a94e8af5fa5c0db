"""The layout of the code: which packages may import which, where native libraries live, how large folders are."""

import re
import subprocess
import sys
from collections.abc import Iterator

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
"""Which top-level packages each one may import."""

FEATURE_ARROWS = {
    "answers": {"metrics", "prompts"},
    "indexing": {"metrics"},
    "ingestion": set[str](),
    "metrics": set[str](),
    "models": {"metrics"},
    "prompts": set[str](),
    "retrieval": {"metrics"},
    "sessions": set[str](),
}
"""Which other features of `services/` each one may import; all may import the modules at its top level."""

ENGINE_ARROWS = {
    "embedding": {"inference"},
    "inference": set[str](),
    "parsing": set[str](),
    "reranking": {"embedding"},
}
"""Which other engines each one may import."""

WORKER_CODE = re.compile(r"(engines/\w+|persistence/vectors)/worker/")
NATIVE = frozenset({
    "chromadb", "cv2", "docling", "docling_core", "docling_parse", "llama_cpp", "numpy", "onnxruntime", "PIL", "pypdfium2",
    "rapidocr", "sentence_transformers", "tokenizers", "torch", "transformers",
})  # fmt: skip
"""Libraries with native code, imported in worker processes alone."""

OPTIONAL = {"opentelemetry"}


def is_worker_code(name: str) -> bool:
    return WORKER_CODE.match(name) is not None


def package_of(name: str) -> str:
    """The top-level package of a file."""
    return name.split("/")[0].removesuffix(".py")


def imports_between(arrows: dict[str, set[str]], folder: str) -> Iterator[str]:
    """Imports from one subpackage of a folder to another one that no arrow allows."""
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


def test_every_package_has_arrows() -> None:
    code = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {path.stem for path in ROOT.glob("*.py")}
    assert code - {"tests", "benchmarks"} == set(ARROWS)
    assert {path.parent.name for path in ROOT.glob("services/*/__init__.py")} - {"interfaces"} == set(FEATURE_ARROWS)
    assert {path.parent.name for path in ROOT.glob("engines/*/__init__.py")} == set(ENGINE_ARROWS)


def test_code_of_worker_processes_is_imported_there_alone() -> None:
    assert [
        f"{name} imports {target}"
        for name, tree in modules().items()
        if package_of(name) in ARROWS and not is_worker_code(name)
        for target in imported(tree)
        if is_worker_code(f"{target.replace('.', '/')}/")
    ] == []


def test_native_libraries_are_imported_in_worker_processes_alone() -> None:
    assert [
        f"{name} imports {target}"
        for name, tree in modules().items()
        if package_of(name) in ARROWS and not is_worker_code(name)
        for target in imported(tree)
        if target.split(".")[0] in NATIVE
    ] == []


def test_the_server_process_loads_no_native_library_and_no_optional_one() -> None:
    program = f"import server, sys; print(*sorted({NATIVE | OPTIONAL!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert loaded.stdout.split() == []
