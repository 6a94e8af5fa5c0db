"""Compiles the operations of `tests/operations/` with Relay's compiler.

The compiler reads operations from JavaScript, one module for each file here, and requires that the name of an operation
starts with the name of its module.
"""

import json
from pathlib import Path

from tests.conformance.operations import SCHEMA, operation_files
from tests.conformance.tools import make_project, run_tool

COMPILED = "compiled"


def compile_operations(folder: Path) -> Path:
    """Compile all operations; return the folder of the results, one `NAME.graphql.js` for each operation and fragment."""
    modules = make_project(folder) / "modules"
    modules.mkdir()
    (folder / COMPILED).mkdir()
    for file in operation_files():
        module = file.stem.capitalize()
        (modules / f"{module}.js").write_text(f"graphql`\n{file.read_text(encoding='utf-8')}`;\n", encoding="utf-8")
    (folder / "schema.graphql").write_bytes(SCHEMA.read_bytes())
    (folder / "relay.config.json").write_text(
        json.dumps(
            {
                "src": "./modules",
                "schema": "./schema.graphql",
                "language": "javascript",
                "artifactDirectory": f"./{COMPILED}",
                "eagerEsModules": True,
            }
        )
    )
    output = run_tool("relay-compiler", "relay.config.json", cwd=folder)
    assert "WARN" not in output, output
    return folder / COMPILED
