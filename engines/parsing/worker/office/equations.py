"""Equations of Word (OMML) as LaTeX, converted by docling."""

from typing import Any

from engines.parsing.worker.markup.xml_tree import local_name


def equation_text(element: Any) -> str | None:
    """Return an equation as LaTeX between dollar signs.

    If it cannot be converted, return its characters alone; return None if it has none.
    """
    from docling.backend.docx.latex.omml import oMath2Latex

    try:
        latex = str(oMath2Latex(element)).strip()
    except (AttributeError, IndexError, KeyError, NotImplementedError, TypeError, ValueError):
        latex = ""
    if latex:
        return f"${latex}$"
    signs = "".join(each.text or "" for each in element.iter() if local_name(each) == "t").strip()
    return signs or None
