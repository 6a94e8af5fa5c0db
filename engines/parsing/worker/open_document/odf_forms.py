"""Form controls of OpenDocument files with their values."""

from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.markup.xml_tree import local_name
from engines.parsing.worker.office.package import attribute
from engines.parsing.worker.office.symbols import NOT_TICKED, TICKED

_CHOICES = frozenset({"checkbox", "radio"})
_FIELDS = frozenset(
    {"text", "textarea", "formatted-text", "number", "date", "time", "combobox", "listbox", "fixed-text", "value-range"}
)


def form_values(forms: Any) -> dict[str, str]:
    """Return the texts of form controls, by their ids: a check box with its label, or the value of a field."""
    found = {}
    for control in forms.iter():
        name, key = local_name(control), attribute(control, "id")
        if key and name in _CHOICES:
            found[key] = f"{_tick(control)} {one_line(attribute(control, 'label'))}".strip()
        elif key and name in _FIELDS:
            found[key] = _value(control)
    return found


def _tick(control: Any) -> str:
    state = attribute(control, "current-state") or attribute(control, "state")
    selected = attribute(control, "current-selected") or attribute(control, "selected")
    return TICKED if state == "checked" or selected == "true" else NOT_TICKED


def _value(control: Any) -> str:
    chosen = [
        attribute(option, "label")
        for option in control
        if local_name(option) in ("option", "item")
        and (attribute(option, "current-selected") or attribute(option, "selected")) == "true"
    ]
    stated = attribute(control, "current-value") or attribute(control, "value") or attribute(control, "label")
    return one_line(", ".join(filter(None, chosen)) or stated)
