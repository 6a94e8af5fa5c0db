"""The server's side of inference imports no native library and no template engine."""

import subprocess
import sys

from tests.paths import ROOT

WORKER_ONLY = ("llama_cpp", "numpy", "jinja2", "torch")


def test_the_servers_side_imports_no_library_of_the_worker() -> None:
    script = (
        f"import sys, services.models, engines.inference; sys.exit([m for m in {WORKER_ONLY} if m in sys.modules] or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
