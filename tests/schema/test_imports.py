"""Modules of the schema that import each other can be imported in any order."""

import subprocess
import sys

from tests.paths import ROOT

PROGRAM = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [each for each in sys.modules if each.split(".")[0] == "schema"]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""


def test_every_module_can_be_imported_first() -> None:
    paths = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "schema").rglob("*.py")]
    names = sorted(".".join(path.parts) for path in paths if path.name != "__init__")
    assert "schema.documents.types" in names
    run = subprocess.run([sys.executable, "-c", PROGRAM, *names], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
