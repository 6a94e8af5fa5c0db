"""Language rules: docstrings and descriptions are full sentences, and identifiers use the terms of the glossary."""

import ast
import re
from collections.abc import Iterator

from tests.support.source import modules, texts

FRAGMENT = re.compile(
    r"(What|Who|Whoever|Whose|Whether|Where|Wherever|When|Nobody|Nothing|Someone|Somebody|Those|Of|By|As|How|All that|"
    r"From when|It)\b"
)
"""First words of docstrings and descriptions that are fragments and not sentences."""


def docstrings(name: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of every docstring of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield f"{name}:{getattr(node, 'lineno', 1)}", text


def descriptions(name: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of every `description=` argument of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "description" and isinstance(node.value, ast.Constant):
            yield f"{name}:{node.value.lineno}", str(node.value.value)


def test_docstrings_and_descriptions_are_full_sentences() -> None:
    assert [
        f"{place} {text.splitlines()[0][:80]}"
        for name, tree in modules().items()
        for place, text in (*docstrings(name, tree), *descriptions(name, tree))
        if FRAGMENT.match(text)
    ] == []


def forbidden_words() -> dict[str, str]:
    """Return the words that the glossary forbids in identifiers, with the term to use instead."""
    rows = re.findall(r"^\| ([^|]+?) \| [^|]+ \| ([^|]+?) \|$", texts()["docs/glossary.md"], re.MULTILINE)
    return {
        word.strip(" `"): term
        for term, words in rows
        for word in words.split(",")
        if re.fullmatch(r"`[a-z_]+`", word.strip())
    }


def definitions(module: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the place and the name of every class, function and parameter of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{module}:{node.lineno}", node.name
        elif isinstance(node, ast.arg):
            yield f"{module}:{node.lineno}", node.arg


def terms(name: str) -> set[str]:
    """Return the words of a name in lower case, and the whole name."""
    return {name} | {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", name)}


def test_identifiers_use_the_terms_of_the_glossary() -> None:
    forbidden = forbidden_words()
    assert forbidden
    assert [
        f"{place} {name}: use {forbidden[term]}"
        for module, tree in modules().items()
        for place, name in definitions(module, tree)
        for term in terms(name)
        if term in forbidden
    ] == []
