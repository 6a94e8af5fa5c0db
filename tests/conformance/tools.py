"""Runs the command-line tools of the installed packages in a project folder of their own."""

import subprocess
from pathlib import Path

from tests.conformance.node import MODULES, NODE, TIMEOUT_SECONDS, ToolFailed


def make_project(folder: Path) -> Path:
    """Make the installed packages available in a folder, as in a project that depends on them; return the folder."""
    if not MODULES.is_dir():
        raise ToolFailed(
            "The JavaScript packages of the tests are not installed. Run `make test`, which installs them."
        )
    (folder / "node_modules").symlink_to(MODULES, target_is_directory=True)
    return folder


def run_tool(name: str, *arguments: str, cwd: Path) -> str:
    """Run a tool and return its output. Raises `ToolFailed` with the output if its exit code is not 0."""
    command: list[str | Path] = [NODE, MODULES / ".bin" / name, *arguments]
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    output = f"{run.stdout}\n{run.stderr}".strip()
    if run.returncode:
        raise ToolFailed(f"{name} ended with {run.returncode}:\n{output}")
    return output
