"""Relay's compiler over the set of operations.

It reads them out of JavaScript, one module for each file, and demands that an operation's name begins with its module's.
"""

import json
from pathlib import Path

from tests.conformance.operations import SCHEMA, files
from tests.conformance.tools import project, run_tool

COMPILED = "compiled"


def compile_operations(folder: Path) -> Path:
    """The folder of the compiled operations, one file `NAME.graphql.js` for each."""
    modules = project(folder) / "modules"
    modules.mkdir()
    (folder / COMPILED).mkdir()
    for file in files():
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
    said = run_tool("relay-compiler", "relay.config.json", cwd=folder)
    assert "WARN" not in said, said
    return folder / COMPILED
