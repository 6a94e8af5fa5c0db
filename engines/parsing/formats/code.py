"""Source code, by its name or its first line: blocks end where a blank line is followed by one that is not indented."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format
from engines.parsing.formats.html import begins_like_page

MEDIA_TYPE_PREFIX = "text/x-"
_LANGUAGES = {
    "bash": ".sh .bash .zsh",
    "c": ".c .h",
    "c++": ".cc .cpp .cxx .hh .hpp .hxx",
    "clojure": ".clj .cljs",
    "csharp": ".cs",
    "css": ".css .scss .less",
    "dart": ".dart",
    "elixir": ".ex .exs",
    "erlang": ".erl .hrl",
    "fortran": ".f .f90 .f95",
    "go": ".go",
    "graphql": ".graphql .gql",
    "haskell": ".hs",
    "java": ".java",
    "javascript": ".js .mjs .cjs .jsx",
    "julia": ".jl",
    "kotlin": ".kt .kts",
    "lisp": ".lisp .el .scm",
    "lua": ".lua",
    "makefile": ".mk",
    "objective-c": ".m .mm",
    "ocaml": ".ml .mli",
    "perl": ".pl .pm",
    "php": ".php",
    "powershell": ".ps1 .psm1",
    "protobuf": ".proto",
    "python": ".py .pyi .pyw",
    "r": ".r",
    "ruby": ".rb",
    "rust": ".rs",
    "scala": ".scala",
    "sql": ".sql",
    "swift": ".swift",
    "toml": ".toml",
    "typescript": ".ts .tsx",
    "vue": ".vue .svelte",
    "zig": ".zig",
}
_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-S\s+)?)?([a-z]+)[\d.]*(?:\s|$)", re.I)
_INTERPRETERS = {"sh": "bash", "dash": "bash", "zsh": "bash", "node": "javascript", "rscript": "r"}


def recognize(specimen: FileSample) -> str | None:
    """A page or an XML file is one whatever its name says."""
    if not specimen.is_text or begins_like_page(specimen.text) or specimen.text.lstrip().startswith("<?xml"):
        return None
    return FORMAT.type_of(specimen.extension) or _script_type(specimen.text)


def _script_type(text: str) -> str | None:
    """Of a script whose first line names its program: `#!/usr/bin/env python3`."""
    match = _SHEBANG.match(text)
    name = match[1] if match else ""
    name = _INTERPRETERS.get(name, name)
    return f"{MEDIA_TYPE_PREFIX}{name}" if name in _LANGUAGES else None


FORMAT = Format(
    types={f"{MEDIA_TYPE_PREFIX}{name}": tuple(listed.split()) for name, listed in _LANGUAGES.items()},
    label="source code",
    is_text=True,
    recognize=recognize,
)
