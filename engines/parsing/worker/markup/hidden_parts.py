"""Removal of hidden elements from web pages. Hidden elements that a click or a script can show are content and stay."""

import re
from typing import Any

from engines.parsing.worker.markup.html_tree import heading_level, remove_element, tag, visible_text
from engines.parsing.worker.parse_context import ParseContext

_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)", re.I)
_HOOKS = ("id", "class", "role", "name")
_CONTROLS = ("button", "summary", "input", "label", "a")


def remove_unreachable(body: Any, context: ParseContext) -> None:
    """Remove hidden elements that nothing on the page can show, and add a warning with the number of their words.

    An element can be shown if scripts or styles can refer to it, for example by its id or class, or if a heading or button
    is directly before it, as before a collapsed answer.
    """
    hidden = {each for each in body.iter() if _is_hidden(each) and not _can_be_shown(each) and visible_text(each)}
    words = sum(
        len(visible_text(each).split()) for each in hidden if not any(up in hidden for up in each.iterancestors())
    )
    for element in hidden:
        remove_element(element)
    if words:
        context.warnings.append(f"{words:,} hidden words were left out, because nothing on the page can show them.")


def _is_hidden(element: Any) -> bool:
    return bool(tag(element)) and (
        element.get("hidden") is not None or bool(_HIDDEN_STYLE.search(element.get("style") or ""))
    )


def _can_be_shown(element: Any) -> bool:
    if any(element.get(name) for name in _HOOKS):
        return True
    if any(
        name.startswith(("data-", "aria-", "x-", "v-", "ng-", ":", "@")) and name != "aria-hidden"
        for name in element.attrib
    ):
        return True
    previous = element.getprevious()
    if previous is None:
        return False
    return bool(heading_level(previous)) or tag(previous) in _CONTROLS or previous.find(".//button") is not None
