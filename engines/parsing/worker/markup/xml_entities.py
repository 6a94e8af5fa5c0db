"""Replacement of XML entities that stand for a few plain words, such as `&version;` and `&mdash;`.

lxml expands no entities, so that a file can neither include another file nor exhaust memory. Manuals, however, declare
their version and date as entities. They also use the entities of DocBook's DTD, which is not loaded; its names are those of
HTML.
"""

from collections.abc import Collection, Mapping
from html.entities import html5
from itertools import islice
from typing import Any

_MAX_REPLACEMENTS = 10_000
"""Maximum number of entities that are replaced in a document, so that it grows by at most two million characters."""
MAX_ENTITY_LENGTH = 200
"""Maximum length, in code points, of the text of an entity that is replaced."""


def replace_plain_entities(root: Any) -> None:
    """Replace each entity whose value is short plain text with this text; leave all other entities in place."""
    from lxml import etree

    values = _declared_values(root)
    entities = islice(root.iter(etree.Entity), _MAX_REPLACEMENTS)
    plain = {entity for entity in entities if _value(entity, values) is not None}
    for parent in {entity.getparent() for entity in plain}:
        _replace_in(parent, plain, values)


def _declared_values(root: Any) -> Mapping[str, str | None]:
    """Return the entities that the document declares. The value is None for markup, external and nested entities."""
    declarations = root.getroottree().docinfo.internalDTD
    if declarations is None:
        return {}
    found = islice(declarations.iterentities(), _MAX_REPLACEMENTS)
    return {entity.name: entity.content if _is_plain(entity.content) else None for entity in found}


def _is_plain(content: str | None) -> bool:
    return content is not None and len(content) <= MAX_ENTITY_LENGTH and not set("&<%") & set(content)


def _value(entity: Any, values: Mapping[str, str | None]) -> str | None:
    """Return the text of an entity from the document or from HTML; None if it is unknown or not to be replaced."""
    return values[entity.name] if entity.name in values else html5.get(f"{entity.name};")


def _replace_in(parent: Any, plain: Collection[Any], values: Mapping[str, str | None]) -> None:
    """Replace the entities in `plain` that are children of `parent` with their values, as text.

    The text between two remaining children is collected and joined once. Joining it after every entity would copy a
    paragraph with a thousand entities a thousand times.
    """
    before, texts = None, [parent.text or ""]
    for child in list(parent):
        if child in plain:
            texts += [_value(child, values) or "", child.tail or ""]
            parent.remove(child)
        else:
            _set_text(parent, before, texts)
            before, texts = child, [child.tail or ""]
    _set_text(parent, before, texts)


def _set_text(parent: Any, before: Any, texts: list[str]) -> None:
    """Set the text after the child `before`; None stands for the start of the element."""
    if before is None:
        parent.text = "".join(texts)
    else:
        before.tail = "".join(texts)
