"""Citation marks in the text of an answer: the numbers of the passages that it names.

Models are asked for `[1]` and write many variants of it. A mark counts wherever a reader would take it for a citation: never
inside code, and not where it is the index of an expression such as `items[1]`.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_RANGE = 50
"""Largest number of passages that a range such as `[1-3]` may name; a wider one names its two ends."""

_MARKDOWN = MarkdownIt("commonmark").disable(["link", "image", "reference", "autolink"])
"""Finds code. Links stay plain text, so that the mark in `[1](#source)` is seen."""

_OPEN, _CLOSE = "[［【〔〖〘〚⟦⟨〈❲⁅「『｢", "]］】〕〗〙〛⟧⟩〉❳⁆」』｣"
_DASH = r"[-‐‑–—−~〜～]"
_WORD = (
    r"(?:passages?|sources?|documents?|docs?|references?|refs?|citations?|cites?|excerpts?|chunks?|contexts?|snippets?"
    r"|footnotes?|fn|fuentes?|pasajes?|fontes?|fonti|quellen?|textstellen?|stellen?|источники?|出典|来源|來源|文档|文献|段落|资料|출처|문서)"
)
_PREFIX = rf"(?:(?:see|cf\.?|vgl\.?|siehe)\s+)?(?:{_WORD}[\s.:#_-]*)?(?:(?:no\.?|nr\.?|№|#)\s*)?"
_NUMBERS = rf"\d{{1,3}}(?:\s*{_DASH}\s*\^?{_PREFIX}\d{{1,3}})?"
_SEPARATOR = r"\s*(?:[,;/|+&、，；]|\b(?:and|und|et|y|e)\b|和|与|と|및)\s*"
_LIST = rf"\^?{_PREFIX}{_NUMBERS}(?:{_SEPARATOR}\^?{_PREFIX}{_NUMBERS})*"
_LOCATOR = r"(?:(?::\d+)?\s*[†‡].*|\s*[:,;|@]\s*[^\W\d].*)?"
"""A locator behind the number of a source: it names a position inside the source, such as `†L3-L5` or `, page 2`."""

_MARK = re.compile(rf"\s*({_LIST}){_LOCATOR}\s*", re.IGNORECASE | re.DOTALL)
_BRACKETS = re.compile(rf"[{re.escape(_OPEN)}]([^{re.escape(_OPEN + _CLOSE)}]{{1,120}})[{re.escape(_CLOSE)}]")
_IN_PROSE = re.compile(
    rf"(?:[(（]\s*(?:(?:see|cf\.?|vgl\.?|siehe)\s+)?{_WORD}|\bpassages?)[\s.:#]*({_LIST})", re.IGNORECASE
)
"""A mark without brackets: `(source 1)`, or `passage 1` because the model input calls the sources passages."""

_RANGE = re.compile(rf"(\d+)(?:\s*{_DASH}\D*?(\d+))?")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*$", re.ASCII)
_PLAIN_WORD = re.compile(r"[A-Za-z][a-z]+", re.ASCII)
_END_OF_CLAUSE = re.compile(r"""[.,;:!?)"'*_”’»]*(?:\s*$|\s*\n|(?<=[.,;:!?)])\s)|\(""")
_HTML_CODE = re.compile(r"<(code|pre|kbd|samp|script|style)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_HTML_TAG = re.compile(r"<(/?)(code|pre|kbd|samp|script|style)\b", re.IGNORECASE)


def find_marks(answer: str) -> frozenset[int]:
    """Return the passage numbers in the citation marks of an answer in Markdown. A number may belong to no passage."""
    return frozenset(number for text in _prose(answer) for number in _numbers_in(text))


def _prose(answer: str) -> Iterator[str]:
    """Yield the text of each block without its code."""
    for token in _MARKDOWN.parse(answer):
        if token.type == "inline":
            yield _inline_text(token.children or [])
        elif token.type == "html_block":
            yield _HTML_CODE.sub(" ", token.content)


def _inline_text(tokens: list[Token]) -> str:
    parts: list[str] = []
    code_depth = 0
    for token in tokens:
        if token.type == "html_inline" and (tag := _HTML_TAG.match(token.content)):
            code_depth = max(0, code_depth - 1) if tag[1] else code_depth + 1
        elif code_depth or token.type == "code_inline":
            parts.append("`")  # a character that is neither a letter nor a space
        elif token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "text":
            parts.append(token.content)
    return "".join(parts)


def _numbers_in(text: str) -> Iterator[int]:
    for chain in _chains(text):
        marks = [_MARK.fullmatch(brackets[1]) for brackets in chain]
        if not _is_index(text, chain, all(marks)):
            lists = [mark[1] for mark in marks if mark]
            yield from _expand("-".join(lists) if _spans_range(text, chain, lists) else ",".join(lists))
    for mark in _IN_PROSE.finditer(text):
        yield from _expand(mark[1])


def _chains(text: str) -> Iterator[list[re.Match[str]]]:
    """Yield groups of brackets that follow each other directly, as in `[1][2]`, or around a dash, as in `[1]-[3]`."""
    chain: list[re.Match[str]] = []
    for brackets in _BRACKETS.finditer(text):
        if chain and not re.fullmatch(rf"\s*{_DASH}?\s*", text[chain[-1].end() : brackets.start()]):
            yield chain
            chain = []
        chain.append(brackets)
    if chain:
        yield chain


def _spans_range(text: str, chain: list[re.Match[str]], lists: list[str]) -> bool:
    between = text[chain[0].end() : chain[-1].start()]
    return len(chain) == 2 and all(each.isdecimal() for each in lists) and re.search(_DASH, between) is not None


def _is_index(text: str, chain: list[re.Match[str]], are_marks: bool) -> bool:
    """Return whether a chain of brackets is no citation: the index of an expression, or the alternative text of an image.

    Brackets directly after a plain word are citations only at the end of a clause: "twice[1]." but not "take items[1] for".
    """
    start, end = chain[0].start(), chain[-1].end()
    before, after = text[max(0, start - 60) : start], text[end : end + 20]
    if before.endswith("!") and after.startswith("("):
        return True
    word = _IDENTIFIER.search(before)
    if word is None or text[start] != "[" or chain[0][1].lstrip().startswith("^"):
        return False
    is_plain = _PLAIN_WORD.fullmatch(word[0]) is not None and not before[: word.start()].endswith((".", "$", "@"))
    return not (is_plain and are_marks and _END_OF_CLAUSE.match(after))


def _expand(numbers: str) -> Iterator[int]:
    for first, last in _RANGE.findall(numbers):
        low, high = int(first), int(last or first)
        yield from range(low, high + 1) if low <= high < low + MAX_RANGE else (low, high)
