"""JSON, held whole, and JSON Lines, read line by line; numbers stay as they are written."""

import json
import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_JSON = "application/json"
JSON_LINES = "application/x-ndjson"
_BEGINNING = re.compile(r"\s*(\{\s*(\"|\}|$)|\[\s*([\[{\"\]\-\d]|true|false|null|$))")
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


def recognize(specimen: FileSample) -> str | None:
    """By its first characters and its name; without a name, it must be JSON as far as one can see."""
    if not specimen.is_text or not _BEGINNING.match(specimen.text):
        return None
    first, _, rest = specimen.text.strip().partition("\n")
    is_lines = bool(rest) and _is_object(first) and _is_object(rest.strip().partition("\n")[0])
    claimed = FORMAT.type_of(specimen.extension)
    if claimed == JSON_LINES or (is_lines and not specimen.extension):
        return JSON_LINES
    if claimed:
        return JSON_LINES if is_lines else _JSON
    return _JSON if not specimen.extension and _is_json(specimen.text) else None


def _is_object(line: str) -> bool:
    return line.startswith("{") and _is_json(line)


def _is_json(text: str) -> bool:
    """Also where the text goes on behind the first bytes of the file."""
    try:
        _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg
    except RecursionError:
        return True
    return True


FORMAT = Format(
    types={_JSON: (".json", ".geojson"), JSON_LINES: (".jsonl", ".ndjson")},
    label="JSON file",
    is_text=True,
    recognize=recognize,
)
