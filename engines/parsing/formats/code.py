"""Source code, one media type for each programming language."""

import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format
from engines.parsing.formats.html import starts_like_html

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


def detect(sample: FileSample) -> str | None:
    """Detect by extension or by the first line of a script. HTML and XML content is not code, whatever its extension."""
    if not sample.is_text or starts_like_html(sample.text) or sample.text.lstrip().startswith("<?xml"):
        return None
    return FORMAT.type_of(sample.extension) or _script_type(sample.text)


def _script_type(text: str) -> str | None:
    """Return the type of a script with a line such as `#!/usr/bin/env python3`, or None for an unknown program."""
    match = _SHEBANG.match(text)
    name = match[1] if match else ""
    name = _INTERPRETERS.get(name, name)
    return f"{MEDIA_TYPE_PREFIX}{name}" if name in _LANGUAGES else None


FORMAT = Format(
    types={f"{MEDIA_TYPE_PREFIX}{name}": tuple(listed.split()) for name, listed in _LANGUAGES.items()},
    label="source code",
    is_text=True,
    detect=detect,
)
