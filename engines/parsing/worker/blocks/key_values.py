"""Detection of tables of keys and values, such as forms and data sheets, and of column names in tables of text.

In a table of keys and values, each cell of the first column (the key) names the cell beside it (the value). The readers of
all formats use these functions. They pass the rows of a table as texts, and which of its cells are bold.
"""

import re
from collections.abc import Sequence

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.cell_values import is_period, is_quantity, is_value

_MIN_ALIKE = 2
_QUANTITY_SHARE = 0.7
"""Share of quantities in the second column from which a table of two columns is not one of keys and values."""
_MAX_PAIRS = 60
"""Maximum number of rows of a table of keys and values. Longer tables are lists of records."""
_MAX_KEY_CHARACTERS = 80
_NAMES_OF_KEYS = frozenset(
    ["attribute", "field", "key", "parameter", "property", "setting", "feld", "merkmal", "eigenschaft"]
)
"""Names above a column of keys, in lower case. A table with such a name is read as keys and values."""
_USUAL_NAMES = """
    address age amount area author boat capital captain category chapter city code colour color comment company
    contact country cost count crew currency date department depth description duty email e-mail fee fees grade
    group hours id item job language leader length level location manager mail master meaning model month name
    nation note notes number owner part parts person phone place port position price product project qty quantity
    rank rate region remark remarks result role room score size source state station status stock street subject
    supplier task team telephone term time title total town type unit use user value version weight year zip
    adresse anzahl art beschreibung betrag datum einheit farbe funktion gewicht hafen land menge monat nummer ort
    preis rolle stadt strasse straße telefon titel typ wert jahr adresa adresse auteur date description fonction
    lieu montant nom nombre pays prix rôle statut téléphone ville cantidad ciudad descripción dirección estado
    fecha nombre país precio puesto teléfono
"""
_NAMES_OF_VALUES = frozenset(_USUAL_NAMES.split())
"""Common column names, in lower case. If the first value is one of them, the first row is a header."""

_NUMBERED_NAME = re.compile(r"(?:col|column|field|header|heading|spalte)[ _-]?(?:\d{1,3}|[a-z])", re.I)


def key_value_lines(
    rows: Sequence[Sequence[str]],
    *,
    header_is_bold: bool = False,
    keys_are_bold: bool = False,
    needs_evidence: bool = False,
) -> list[str] | None:
    """Return the lines of a table of keys and values, such as `Owner: Ida Holm`; None for any other table.

    `header_is_bold` is True if only the first row is bold. `keys_are_bold` is True if every second column, from the first
    on, is bold and the others are not. A table with more than two columns needs bold keys or keys that end with a colon.
    `needs_evidence` is described in `are_keys`.
    """
    texts = [[one_line(cell) for cell in row] for row in rows]
    width = max(map(len, texts), default=0)
    texts = [row + [""] * (width - len(row)) for row in texts]
    if header_is_bold or len(texts) > _MAX_PAIRS or width < 2 or width % 2:
        return None
    pairs = [row[column : column + 2] for row in texts for column in range(0, width, 2)]
    if width > 2 and not (_end_with_colons([key for key, _ in pairs]) or keys_are_bold):
        return None
    if not keys_are_bold and not are_keys(pairs, needs_evidence=needs_evidence):
        return None
    return [line for pair in pairs if (line := _pair_line(*pair))]


def _pair_line(key: str, value: str) -> str:
    return f"{key.rstrip(': ')}: {value}" if key and value else key or value


def are_keys(pairs: Sequence[Sequence[str]], *, needs_evidence: bool = False) -> bool:
    """Return True if the first of two columns contains keys, which name the values in the second column.

    Evidence for keys is a colon after most of them, a quantity in the first row, or a mixture of quantities and texts.
    Evidence against keys is a column of quantities below a word, a repeated key, or a second column without any value.
    Without evidence for or against keys, the result is True, but False with `needs_evidence`.
    """
    filled = [(key, value) for key, value in pairs if key and value]
    if filled and filled[0][0].casefold() in _NAMES_OF_KEYS:
        del filled[0]
        needs_evidence = False
    keys = [key for key, _ in filled]
    if not filled or len(set(keys)) < len(keys) or any(len(key) > _MAX_KEY_CHARACTERS for key in keys):
        return False
    if _end_with_colons(keys):
        return True
    if any(is_value(key) and not is_period(key) for key in keys):
        return False
    first, *others = [value for _, value in filled]
    if is_quantity(first) and not is_period(first):
        return True
    if is_period(first) and all(map(is_quantity, others)):
        return False
    if first.casefold() in _NAMES_OF_VALUES or _NUMBERED_NAME.fullmatch(first) or _are_quantities(others):
        return False
    quantities = sum(map(is_quantity, others))
    if quantities:
        return quantities < _QUANTITY_SHARE * len(others)
    return not needs_evidence


def _end_with_colons(keys: Sequence[str]) -> bool:
    present = [key for key in keys if key]
    return bool(present) and sum(key.endswith((":", "：")) for key in present) > len(present) / 2


def header_of(rows: Sequence[Sequence[str]], bold: Sequence[bool], bold_keys: Sequence[bool]) -> list[str] | None:
    """Return the column names if the first row of a table contains them, else None.

    `bold[row]` is True if all cells of a row are bold, `bold_keys[row]` if its first cell is bold. In a table of two
    columns, the first row is a header only if it is bold or above a column of quantities. Otherwise the first column is
    taken for keys, which is right for a data sheet and still readable for other tables.
    """
    first, others = rows[0], rows[1:]
    if not others or not any(first):
        return None
    if bold[0] and not all(bold[1:]):
        return list(first)
    if all(bold_keys) and not bold[0]:
        return None
    can_be_names = all(_can_be_name(cell) for cell in first)
    if not can_be_names or len({cell for cell in first if cell}) < sum(map(bool, first)):
        return None
    if len(first) == 2:
        is_keys = first[0].endswith(":") or not _are_quantities([row[1] for row in others])
        return None if is_keys else list(first)
    return list(first) if sum(map(bool, first)) >= len(first) - 1 else None


def _are_quantities(values: Sequence[str]) -> bool:
    """Return True if a column has at least two values, and all are numbers with or without a unit."""
    present = [value for value in values if value]
    return len(present) >= _MIN_ALIKE and all(map(is_quantity, present))


def _can_be_name(cell: str) -> bool:
    """Return True if a text can be a column's name. Texts with digits, except periods, and options such as `-v` cannot."""
    return not cell.startswith("-") and (is_period(cell) or not any(map(str.isdigit, cell)))
