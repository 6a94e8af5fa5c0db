"""Runs the command lines that the judges bring, in a folder where they find their packages as in a project of their own."""

import subprocess
from pathlib import Path

from tests.conformance.node import MODULES, NODE, SECONDS, JudgeFailed


def project(folder: Path) -> Path:
    """Make a folder one that has the judges' packages installed."""
    if not MODULES.is_dir():
        raise JudgeFailed("The judges' packages are not installed: `make test` brings them.")
    (folder / "node_modules").symlink_to(MODULES, target_is_directory=True)
    return folder


def run_tool(name: str, *arguments: str, cwd: Path) -> str:
    """What the tool says where it is content; its complaints, word for word, are the failure where it is not."""
    command: list[str | Path] = [NODE, MODULES / ".bin" / name, *arguments]
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=SECONDS)
    said = f"{ended.stdout}\n{ended.stderr}".strip()
    if ended.returncode:
        raise JudgeFailed(f"{name} ended with {ended.returncode}:\n{said}")
    return said
