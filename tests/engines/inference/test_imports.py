"""The server's own process never imports what only the worker may."""

import subprocess
import sys

from tests.paths import ROOT

HEAVY = ("llama_cpp", "numpy", "jinja2", "torch")


def test_the_parents_side_imports_nothing_heavy() -> None:
    root = ROOT
    script = f"import sys, services.models, engines.inference; sys.exit([m for m in {HEAVY} if m in sys.modules] or 0)"
    ended = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
