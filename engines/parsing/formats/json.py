"""The JSON and JSON Lines formats."""

import json
import re

from engines.parsing.detection.file_sample import FileSample
from engines.parsing.formats.format import Format

_JSON = "application/json"
JSON_LINES = "application/x-ndjson"
_START = re.compile(r"\s*(\{\s*(\"|\}|$)|\[\s*([\[{\"\]\-\d]|true|false|null|$))")
_OTHER_EXTENSIONS = frozenset({
    ".adoc", ".asc", ".asciidoc", ".csv", ".log", ".ltx", ".markdown", ".md", ".sty", ".tab", ".tex", ".text", ".tsv",
    ".txt", ".yaml", ".yml",
})  # fmt: skip
"""Extensions of other text formats, whose files can begin like JSON."""
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


def detect(sample: FileSample) -> str | None:
    """Detect by the first characters and the extension; with an unknown extension, the sampled text must be valid JSON."""
    if not sample.is_text or not _START.match(sample.text):
        return None
    first, _, rest = sample.text.strip().partition("\n")
    is_lines = bool(rest) and _is_object(first) and _is_object(rest.strip().partition("\n")[0])
    claimed = FORMAT.type_of(sample.extension)
    if not claimed and (sample.extension in _OTHER_EXTENSIONS or not (is_lines or _is_json(sample.text))):
        return None
    return JSON_LINES if is_lines or claimed == JSON_LINES else _JSON


def _is_object(line: str) -> bool:
    return line.startswith("{") and _is_json(line)


def _is_json(text: str) -> bool:
    """Return True for valid JSON and for valid JSON that was cut off at the end of the sample."""
    try:
        _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg
    except RecursionError:
        return True
    return True


FORMAT = Format(
    types={
        _JSON: (".json", ".geojson", ".har", ".jsonld", ".topojson", ".webmanifest"),
        JSON_LINES: (".jsonl", ".ndjson"),
    },
    label="JSON file",
    is_text=True,
    detect=detect,
)
