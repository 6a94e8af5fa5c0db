"""Source code, by its name or its first line: blocks end where a blank line is followed by one that is not indented."""

import re
from collections.abc import Iterator

from engines.parsing.block import Block, BlockKind, Glue
from engines.parsing.encodings import decoded_pieces, detect_encoding
from engines.parsing.formats.format import Format
from engines.parsing.formats.html import begins_like_page
from engines.parsing.limits import check_size
from engines.parsing.reading import Reading
from engines.parsing.specimen import Specimen

_PREFIX = "text/x-"
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
_DEFINITION = re.compile(r"(?<=\S)[^\S\n]*\n(?>(?:[^\S\n]*\n)+)(?=[^\s})\]])")
_LONGEST = 16 * 1024


def recognize(specimen: Specimen) -> str | None:
    """A page or an XML file is one whatever its name says."""
    if not specimen.is_text or begins_like_page(specimen.text) or specimen.text.lstrip().startswith("<?xml"):
        return None
    return FORMAT.type_of(specimen.extension) or _script_type(specimen.text)


def _script_type(text: str) -> str | None:
    """Of a script whose first line names its program: `#!/usr/bin/env python3`."""
    match = _SHEBANG.match(text)
    name = match[1] if match else ""
    name = _INTERPRETERS.get(name, name)
    return f"{_PREFIX}{name}" if name in _LANGUAGES else None


def read(reading: Reading) -> Iterator[Block]:
    """In pieces, never whole."""
    size = reading.path.stat().st_size
    check_size(size, reading.limits.characters * 4)
    encoding = detect_encoding(reading.path)
    reading.properties.update(encoding=encoding, language=reading.media_type.removeprefix(_PREFIX))
    held, glue = "", Glue.BLANK_LINE
    for piece, consumed in decoded_pieces(reading.path, encoding):
        *parts, held = _DEFINITION.split(held + piece)
        for part in parts:
            yield from _code(part, glue)
            glue = Glue.BLANK_LINE
        while len(held) > _LONGEST:
            cut = held.rfind("\n", 0, _LONGEST) + 1 or _LONGEST
            yield Block(BlockKind.CODE, held[:cut], glue=glue)
            held, glue = held[cut:], Glue.NOTHING
        reading.fraction = consumed / max(1, size)
    yield from _code(held, glue)


def _code(text: str, glue: Glue) -> Iterator[Block]:
    text = text.rstrip() if glue is Glue.NOTHING else text.rstrip().lstrip("\n")
    while text:
        cut = (text.rfind("\n", 0, _LONGEST) + 1 or _LONGEST) if len(text) > _LONGEST else len(text)
        yield Block(BlockKind.CODE, text[:cut], glue=glue)
        text, glue = text[cut:], Glue.NOTHING


FORMAT = Format(
    types={f"{_PREFIX}{name}": tuple(listed.split()) for name, listed in _LANGUAGES.items()},
    label="source code",
    is_text=True,
    recognize=recognize,
    read=read,
)
