"""Runs JavaScript tools with the Node.js of the virtual environment."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
NODE = Path(sys.executable).with_name("node")
TIMEOUT_SECONDS = 100


class ToolFailed(AssertionError):
    """A tool gave no usable result: it is not installed, it crashed, or it reported a failure."""


def run_node(script: str, *arguments: str, text: str = "", cwd: Path = HERE) -> Any:
    """Run a script of this folder, or of a package, with `text` as its standard input; return the JSON that it prints.

    Raises `ToolFailed` if it prints anything else.
    """
    if not MODULES.is_dir():
        raise ToolFailed(
            "The JavaScript packages of the tests are not installed. Run `make test`, which installs them."
        )
    run = subprocess.run(
        [NODE, HERE / script, *arguments],
        cwd=cwd,
        input=text,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    try:
        return json.loads(run.stdout)
    except json.JSONDecodeError:
        output = f"{run.stdout}\n{run.stderr}".strip()
        raise ToolFailed(f"{script} ended with {run.returncode}:\n{output}") from None
