"""Access to the repository's files and parsed modules, for tests of the repository's rules."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.paths import ROOT


@cache
def committed_files() -> tuple[Path, ...]:
    """Return the files that git tracks or would add, sorted by path."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(ROOT / name for name in sorted(set(names)) if name and (ROOT / name).is_file())


@cache
def texts() -> dict[str, str]:
    """Return the contents of the text files, by their paths relative to the root."""
    found = {}
    for path in committed_files():
        try:
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


@cache
def modules() -> dict[str, ast.Module]:
    """Return the parsed Python files, by their paths relative to the root."""
    return {name: ast.parse(text) for name, text in texts().items() if name.endswith(".py")}


def modules_in(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the modules below these top-level folders, and those at the top level."""
    return ((name, tree) for name, tree in modules().items() if "/" not in name or name.split("/")[0] in folders)


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield the full names that a module imports: `from a.b import c` yields `a.b.c`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield all functions and methods, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def public_methods(interface: type) -> list[str]:
    """Return the names of the methods that an interface declares."""
    return [name for name, value in vars(interface).items() if callable(value) and not name.startswith("_")]
