"""Equations of Word and PowerPoint (OMML) as LaTeX, converted by docling."""

from collections import Counter
from typing import Any

from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.parse_context import ParseContext


def equation_text(element: Any, context: ParseContext) -> str:
    """Return an equation as LaTeX between dollar signs.

    If docling cannot convert the equation, or would lose some of its letters and digits, return its characters alone. The
    context counts these equations, and those without characters, for which the result is empty.
    """
    from docling.backend.docx.latex.omml import oMath2Latex

    characters = "".join(each.text or "" for each in element.iter() if local_name(each) == "t").strip()
    try:
        latex = str(oMath2Latex(element)).strip()
    except (AttributeError, IndexError, KeyError, NotImplementedError, TypeError, ValueError):
        latex = ""
    if latex and not _letters(characters) - _letters(latex):
        return f"${latex}$"
    context.add_equation(has_characters=bool(characters))
    return characters


def _letters(text: str) -> Counter[str]:
    """Return the ASCII letters and digits of a text. LaTeX has other characters as commands, such as `\\alpha`."""
    return Counter(character for character in text if character.isascii() and character.isalnum())
