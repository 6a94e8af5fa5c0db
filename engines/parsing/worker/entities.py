"""Entities that stand for a few plain words, put in place: `&version;`, `&mdash;`.

lxml expands none, so that no file can read another or grow without an end. Manuals define their version and date as
entities, though, and use those of DocBook's own DTD, which is not at hand: its names are those of HTML.
"""

from collections.abc import Collection, Mapping
from html.entities import html5
from itertools import islice
from typing import Any

MOST = 10_000
"""Put in place in one document, so that it grows by two million characters at most."""
LONGEST = 200


def put_entities_in_place(root: Any) -> None:
    """What stands for anything else than plain text, or for more of it, stays as it is."""
    from lxml import etree

    values = _declared(root)
    plain = {entity for entity in islice(root.iter(etree.Entity), MOST) if _value(entity, values) is not None}
    for parent in {entity.getparent() for entity in plain}:
        _put(parent, plain, values)


def _declared(root: Any) -> Mapping[str, str | None]:
    """None for what must stay as it is: other files, markup, further entities."""
    declarations = root.getroottree().docinfo.internalDTD
    if declarations is None:
        return {}
    found = islice(declarations.iterentities(), MOST)
    return {entity.name: entity.content if _is_plain(entity.content) else None for entity in found}


def _is_plain(content: str | None) -> bool:
    return content is not None and len(content) <= LONGEST and not set("&<%") & set(content)


def _value(entity: Any, values: Mapping[str, str | None]) -> str | None:
    return values[entity.name] if entity.name in values else html5.get(f"{entity.name};")


def _put(parent: Any, plain: Collection[Any], values: Mapping[str, str | None]) -> None:
    """Text by text, each joined once: a paragraph with a thousand entities is not copied a thousand times."""
    before, held = None, [parent.text or ""]
    for child in list(parent):
        if child in plain:
            held += [_value(child, values) or "", child.tail or ""]
            parent.remove(child)
        else:
            _hold(parent, before, held)
            before, held = child, [child.tail or ""]
    _hold(parent, before, held)


def _hold(parent: Any, before: Any, held: list[str]) -> None:
    if before is None:
        parent.text = "".join(held)
    else:
        before.tail = "".join(held)
