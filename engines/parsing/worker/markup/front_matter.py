"""Front matter of Markdown: metadata before the text, in YAML between `---` lines or in TOML between `+++` lines."""

import re
import tomllib
from typing import Any

from engines.parsing.text_cleaning import one_line
from engines.parsing.worker.blocks.nested_values import Members

_FENCED = re.compile(
    r"\s*(?:---[ \t]*\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*$|\+\+\+[ \t]*\n(?P<toml>.*?)^\+\+\+[ \t]*$)\n?", re.S | re.M
)
_MAX_LENGTH = 64 * 1024
_PROPERTIES = {
    "author": "author",
    "authors": "author",
    "date": "created",
    "description": "comments",
    "keywords": "keywords",
    "tags": "keywords",
    "lang": "language",
    "subject": "subject",
}


def split_front_matter(text: str) -> tuple[Members, str]:
    """Return the metadata and the text after it. Without valid metadata, return no members and the whole text."""
    match = _FENCED.match(text)
    if not match or match.end() > _MAX_LENGTH:
        return Members(), text
    values = _yaml(match["yaml"]) if match["yaml"] is not None else _toml(match["toml"])
    return (_members(values), text[match.end() :]) if isinstance(values, dict) and values else (Members(), text)


def title_of(metadata: Members) -> str | None:
    """Return the title that the metadata states, or None."""
    found = next((value for name, value in metadata if name.lower() == "title" and isinstance(value, str)), None)
    return one_line(found) if found else None


def properties_of(metadata: Members) -> dict[str, str]:
    """Return the metadata that other formats have, too. The keys are the names that all readers use, such as `author`."""
    found = dict[str, str]()
    for name, value in metadata:
        if key := _PROPERTIES.get(name.lower()):
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            found.setdefault(key, one_line(text))
    return {name: value for name, value in found.items() if value}


def _yaml(text: str) -> Any:
    """Return the value of YAML, or None if it is invalid. Aliases are rejected, because they can multiply values."""
    import yaml

    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            return None
        # Scalars stay as they are written: 007 is no number, and `no` is no truth value.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _members(value: dict[Any, Any]) -> Members:
    return Members((str(name), _value(child)) for name, child in value.items())


def _value(value: Any) -> object:
    if isinstance(value, dict):
        return _members(value)
    if isinstance(value, list):
        return [_value(child) for child in value]
    return value if isinstance(value, str | bool) or value is None else str(value)
