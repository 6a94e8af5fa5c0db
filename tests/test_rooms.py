"""Imports follow the arrows of the rooms, never back; what is heavy stays in the workers' processes."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ARROWS = {
    "server": {
        "owners",
        "settings",
        "logs",
        "telemetry",
        "transport",
        "schema",
        "resolvers",
        "engines",
        "records",
    },
    "owners": {"settings", "resolvers", "engines", "persistence", "workers", "records"},
    "transport": {"records"},
    "schema": {"resolvers", "records"},
    "resolvers": {"engines", "persistence", "records"},
    "engines": {"workers", "records"},
    "persistence": {"workers", "records"},
    "workers": {"records"},
    "records": set[str](),
    "settings": set[str](),
    "logs": set[str](),
    "telemetry": {"records"},
    "examples": set[str](),
}
OPTIONAL = {"opentelemetry", "rapidocr", "cv2", "onnxruntime"}
HEAVY = {"llama_cpp", "torch", "sentence_transformers", "transformers", "docling", "chromadb", "numpy"}


def imported(file: Path) -> Iterator[str]:
    """Names that a file imports, whole: `from engines import answers` gives engines.answers."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files_of(room: str) -> list[Path]:
    return [ROOT / f"{room}.py"] if (ROOT / f"{room}.py").exists() else sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_imports_only_along_the_arrows(room: str) -> None:
    files = files_of(room)
    assert files, f"there is no room called {room}"
    others = (set(ARROWS) | {"tests", "benchmarks"}) - ARROWS[room] - {room}
    astray = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in files
        for name in imported(file)
        if name.split(".")[0] in others
    ]
    assert astray == []


def test_every_folder_of_code_is_a_room() -> None:
    code = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {path.stem for path in ROOT.glob("*.py")}
    assert code - {"tests", "benchmarks"} == set(ARROWS)


def test_the_server_process_imports_neither_what_belongs_to_workers_nor_what_is_not_asked_for() -> None:
    program = f"import server, sys; print(*sorted({HEAVY | OPTIONAL!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert loaded.stdout.split() == []
