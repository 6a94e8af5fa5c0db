"""Replacement of LaTeX layout commands that docling would convert to text.

Examples are ties (`~`, a space without a line break), merged cells, and the sizes of rules and spaces.
"""

import re
from collections.abc import Iterator

_VERBATIM = re.compile(
    r"\\begin\{(verbatim\*?|Verbatim|lstlisting|minted|alltt)\}.*?\\end\{\1\}|\\verb\*?([^A-Za-z\s*]).*?\2"
    r"|\\(?:url|href|path|nolinkurl)\s*\{[^{}]*\}|(?<!\\)%[^\n]*",
    re.S,
)
"""Code listings, URLs, paths and comments, in which a tilde is not a tie."""
_TABLE = re.compile(r"\\begin\{(tabular[*xy]?|longtable|supertabular|tabu)\}(.*?)\\end\{\1\}", re.S)
_RULE = re.compile(r"\\(hline|midrule|toprule|cmidrule|cline|endhead|Xhline|specialrule)\b")
_CITATION = re.compile(r"\\[cC]ite(?:p|t|alp|alt|author|year|num)?\*?(?:\s*\[[^\[\]]*\])*\s*\{([^{}]*)\}")
_FORMULA = re.compile(r"(?<!\\)\$([^$]{1,500})(?<!\\)\$")
_SPECIAL = re.compile(r"[&%#_$]")
_KEPT = re.compile("\ue000(\\d{1,9})\ue001")
TILDE = "\ue002"
"""Character that stands for a tilde in a URL or path, because docling drops tildes. Replace it after the conversion."""
_TIE = re.compile(r"(?<!\\)~")
_COMMAND = re.compile(
    r"\\(multicolumn|multirow|makecell|shortstack|rule|hspace|vspace|addlinespace|cmidrule|cline|specialrule|resizebox"
    r"|scalebox|rotatebox|raisebox|setlength|addtolength|fontsize|parbox|adjustbox|rowcolor|cellcolor)\*?"
)
_SPACE = re.compile(r"\s*")
_TEXT_ARGUMENT = {
    "multicolumn": 3, "multirow": 3, "makecell": 1, "shortstack": 1, "resizebox": 3, "scalebox": 2, "rotatebox": 2,
    "raisebox": 2, "parbox": 2, "adjustbox": 2,
}  # fmt: skip
"""Index, from 1, of the argument that contains text, by command. It is the last argument; other commands have no text."""
_ARGUMENTS = {"rule": 2, "setlength": 2, "addtolength": 2, "fontsize": 2, "specialrule": 3, "addlinespace": 0}
"""Number of arguments of commands without text. Commands that are not listed have one."""
_MAX_SPAN = 100
_MAX_DEPTH = 20


def without_layout(text: str) -> str:
    """Return LaTeX without comments, with ties as spaces, and with merged cells as cells that are not merged.

    Code listings and the arguments of `\\url`, `\\href`, `\\path` and `\\nolinkurl` are not changed, except that a tilde in
    such an argument becomes `TILDE`.
    """
    kept = list[str]()

    def keep(match: re.Match[str]) -> str:
        if match[0].startswith("%"):
            return "%" if match[0].endswith("\n") else ""
        address = match[0].startswith(("\\url", "\\href", "\\path", "\\nolinkurl"))
        kept.append(match[0].replace("~", TILDE) if address else match[0])
        return f"\ue000{len(kept) - 1}\ue001"

    plain = _CITATION.sub(r"[\1]", _VERBATIM.sub(keep, text))
    plain = _TABLE.sub(_plain_table, plain)
    return _KEPT.sub(lambda match: kept[int(match[1])] if int(match[1]) < len(kept) else "", _replaced(plain))


def header_rows(text: str) -> list[int]:
    """Return, for each table, the number of rows above its first inner rule; 0 for a table without an inner rule."""
    return [_header_part(match[2])[0].count("\\\\") for match in _TABLE.finditer(text)]


def _plain_table(table: re.Match[str]) -> str:
    """Return a table without merged cells, and with formulas as plain text.

    docling would leave cells with formulas empty.
    """
    header, body = _header_part(table[2])
    content = _replaced(header, repeat=True) + _replaced(body)
    return f"\\begin{{{table[1]}}}{_FORMULA.sub(_plain_formula, content)}\\end{{{table[1]}}}"


def _plain_formula(formula: re.Match[str]) -> str:
    """Return a formula as plain text, such as `2.3·10^19`."""
    from pylatexenc.latex2text import LatexNodes2Text

    return _SPECIAL.sub(r"\\\g<0>", LatexNodes2Text(strict_latex_spaces=False).latex_to_text(formula[1]))


def _header_part(content: str) -> tuple[str, str]:
    """Divide the content of a table at the first rule after its first row, into header and body.

    The header is empty if there is no such rule.
    """
    first_row = content.find("\\\\")
    rule = _RULE.search(content, first_row) if first_row >= 0 else None
    return (
        (content[: rule.start()], content[rule.start() :])
        if rule and rule.end() < len(content.rstrip())
        else ("", content)
    )


def _replaced(text: str, depth: int = 0, *, repeat: bool = False) -> str:
    return _TIE.sub(" ", "".join(_without_commands(text, depth, repeat)))


def _without_commands(text: str, depth: int, repeat: bool) -> Iterator[str]:
    """Yield the text with each layout command replaced by its text argument.

    Commands that are nested deeper than `_MAX_DEPTH` are left in place.
    """
    end = 0
    while depth < _MAX_DEPTH and (match := _COMMAND.search(text, end)):
        name = match[1]
        yield text[end : match.start()]
        if text[match.end() : match.end() + 1].isalpha():
            yield match[0]
            end = match.end()
            continue
        wanted = _TEXT_ARGUMENT.get(name) or _ARGUMENTS.get(name, 1)
        arguments, end = _arguments(text, match.end(), wanted)
        if name in ("hspace", "vspace"):
            yield " "
        if name in _TEXT_ARGUMENT and len(arguments) == wanted:
            yield _cell(name, arguments, depth, repeat)
    yield text[end:]


def _cell(name: str, arguments: list[str], depth: int, repeat: bool) -> str:
    """Return the text of a command. A cell that is merged over several columns becomes as many cells.

    The further cells are empty or, with `repeat`, contain the same text.
    """
    text = _replaced(arguments[-1], depth + 1)
    if name in ("makecell", "shortstack"):
        text = text.replace("\\\\", " ")
    span = int(arguments[0]) if name == "multicolumn" and arguments[0].strip().isdecimal() else 1
    return text + (f" & {text}" if repeat else " &") * (min(span, _MAX_SPAN) - 1)


def _arguments(text: str, start: int, count: int) -> tuple[list[str], int]:
    """Return up to `count` arguments in braces, from `start` on, and the position after the last one.

    Optional arguments, in brackets, are skipped.
    """
    found, end = list[str](), start
    while len(found) < count:
        begin = _SPACE.match(text, end).end()  # type: ignore[union-attr]
        opening = text[begin : begin + 1]
        if opening not in ("{", "[", "(", "*"):
            break
        if opening == "*":
            # `\\multirow{2}{*}{…}` may be written `\\multirow{2}*{…}`.
            found.append("*")
            end = begin + 1
            continue
        close = _closing(text, begin, {"{": "}", "[": "]", "(": ")"}[opening])
        if close is None:
            break
        if opening == "{":
            found.append(text[begin + 1 : close])
        end = close + 1
    return found, end


def _closing(text: str, begin: int, closing: str) -> int | None:
    """Return the position of the bracket `closing` that closes the bracket at `begin`; None if there is none."""
    depth = 0
    for position in range(begin, min(len(text), begin + 100_000)):
        character = text[position]
        if text[position - 1] == "\\" and character in "{}":
            continue
        depth += (
            (character in "{") - (character in "}") if closing == "}" else (character in "{[(") - (character in "}])")
        )
        if depth == 0 and character == closing:
            return position
    return None
