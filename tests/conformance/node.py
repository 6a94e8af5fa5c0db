"""Runs the judges that are written in JavaScript, with the Node of the virtual environment."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULES = HERE / "node_modules"
NODE = Path(sys.executable).with_name("node")
SECONDS = 100


class JudgeFailed(AssertionError):
    """A judge said nothing that could be read: it is missing, it crashed, or it could not be reached."""


def run_node(script: str, *arguments: str, text: str = "", cwd: Path = HERE) -> Any:
    """The JSON that a script of this folder, or of a package, writes. `text` is what it reads on its standard input."""
    if not MODULES.is_dir():
        raise JudgeFailed("The judges' packages are not installed: `make test` brings them.")
    ended = subprocess.run(
        [NODE, HERE / script, *arguments], cwd=cwd, input=text, capture_output=True, text=True, timeout=SECONDS
    )
    try:
        return json.loads(ended.stdout)
    except json.JSONDecodeError:
        said = f"{ended.stdout}\n{ended.stderr}".strip()
        raise JudgeFailed(f"{script} ended with {ended.returncode}:\n{said}") from None
