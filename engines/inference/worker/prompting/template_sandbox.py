"""Renders chat templates in a sandbox with limits, because a model file from an unknown source may contain a malicious one.

The environment is that of transformers (`apply_chat_template`): the extensions `loopcontrols` and `do`, the tag
`{% generation %}`, which only marks the assistant's text, `tojson` without HTML escapes, `raise_exception` and
`strftime_now`. Rendering is limited in time and output. Single operations that could take all memory are limited in size.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter

MAX_OUTPUT = 8 * 1024 * 1024
"""Characters of a rendered prompt."""

MAX_SECONDS = 2.0
MAX_PRODUCT = 1_000_000
MAX_INDENT = 100

_ERRORS = (
    TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError, AssertionError, RuntimeError,
    MemoryError,
)  # fmt: skip
"""Exceptions that a template can cause; `RecursionError` is a `RuntimeError`."""

_LARGE_WIDTH = re.compile(r"\d{4}")
_PERCENT_WIDTH = re.compile(r"%(\([^)]*\))?[-#0 +]*(\*|\d{4}|\d*\.(\*|\d{4}))")
"""A printf-style conversion with a width or precision of four digits, or one that is an argument."""


class TemplateFailed(Exception):
    """The template cannot be compiled or rendered. The text contains the reason."""


class SandboxedTemplate:
    """A compiled template. `render` can be called from any thread."""

    def __init__(self, source: str, seconds: float = MAX_SECONDS) -> None:
        """Raises `TemplateFailed` if the source cannot be compiled."""
        self._seconds = seconds
        environment = _environment()
        try:
            self._tree = environment.parse(source)
            self._template = environment.from_string(source)
            self.variables = frozenset(find_undeclared_variables(self._tree))
            "Names of the variables that the template reads and does not always assign itself."
        except (*_ERRORS, SyntaxError) as error:
            raise TemplateFailed(f"It does not compile: {error}") from error

    def render(self, values: Mapping[str, Any]) -> str:
        """Return the rendered text. Raises `TemplateFailed` if the template fails or exceeds a limit of time or length."""
        try:
            with _time_limit(self._seconds):
                return _limited(self._template.generate(values))
        except _ERRORS as error:
            raise TemplateFailed(str(error) or type(error).__name__) from error

    def compared_values(self, variable: str) -> list[str]:
        """Return the string literals that the template compares a variable with, in order of appearance."""
        found: dict[str, None] = {}
        for comparison in self._tree.find_all(nodes.Compare):
            sides = [comparison.expr, *(operand.expr for operand in comparison.ops)]
            names = {name.name for side in sides for name in _self_and_descendants(side, nodes.Name)}
            if variable in names:
                literals = [literal.value for side in sides for literal in _self_and_descendants(side, nodes.Const)]
                found |= {value: None for literal in literals for value in _strings(literal)}
        return list(found)


def _strings(literal: Any) -> list[str]:
    """Return a string literal, or the strings in a list that Jinja's optimizer folded into one literal."""
    values = literal if isinstance(literal, list | tuple) else [literal]
    return [value for value in values if isinstance(value, str)]


def _self_and_descendants(node: nodes.Node, kind: type[Any]) -> list[Any]:
    return [node] if isinstance(node, kind) else list(node.find_all(kind))


def _limited(pieces: Iterator[str]) -> str:
    output, length = [], 0
    for piece in pieces:
        length += len(piece)
        if length > MAX_OUTPUT:
            raise SecurityError("The template writes too much.")
        output.append(piece)
    return "".join(output)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Stop the code in this block after `seconds`, even a loop that writes nothing.

    A trace function is used because it works in any thread and cannot interrupt code after the block.
    """
    deadline = time.monotonic() + seconds

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        if time.monotonic() > deadline:
            raise SecurityError("The template takes too long.")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


class _GenerationTag(Extension):
    """Renders the content of `{% generation %}`. transformers uses the tag to mark tokens for training."""

    tags = {"generation"}  # as jinja2 declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Formatter(SandboxedFormatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if _LARGE_WIDTH.search(format_spec):
            raise SecurityError("The template formats with too large a width.")
        return str(super().format_field(value, format_spec))


class _Sandbox(ImmutableSandboxedEnvironment):
    """A sandbox that rejects operations whose result can take all memory, such as `"a" * 10**10` or `2 ** 10**10`."""

    intercepted_binops = frozenset({"*", "**", "%"})
    padding = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs", "translate"})

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return attr not in self.padding and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        if super().wrap_str_format(value) is None:
            return None
        formatter = _Formatter(self)

        def format_text(*args: Any, **kwargs: Any) -> str:
            if value.__name__ == "format_map":
                (mapping,) = args
                return formatter.vformat(value.__self__, (), mapping)
            return formatter.vformat(value.__self__, args, kwargs)

        return format_text

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "*" and not _is_small_product(left, right):
            raise SecurityError("The template multiplies too large values.")
        if operator == "**" and not _is_small_power(left, right):
            raise SecurityError("The template calculates too large a power.")
        if operator == "%" and isinstance(left, str):
            _check_conversions(left)
        return super().call_binop(context, operator, left, right)


def _is_small_product(left: Any, right: Any) -> bool:
    sizes = [len(side) if isinstance(side, str | list | tuple) else abs(side) for side in (left, right)]
    return bool(sizes[0] * sizes[1] <= MAX_PRODUCT)


def _is_small_power(left: Any, right: Any) -> bool:
    return bool(abs(left) <= 1000 and 0 <= right <= 16)


def _check_conversions(text: str) -> None:
    if _PERCENT_WIDTH.search(text):
        raise SecurityError("The template formats with too large a width.")


def _environment() -> jinja2.Environment:
    extensions: Sequence[Any] = ["jinja2.ext.loopcontrols", "jinja2.ext.do", _GenerationTag]
    sandbox = _Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=extensions)
    for name in ("center", "wordwrap"):
        del sandbox.filters[name]
    sandbox.filters["tojson"] = _to_json
    sandbox.filters["indent"] = _indent
    sandbox.filters["format"] = _format
    sandbox.globals["raise_exception"] = _raise_exception
    sandbox.globals["strftime_now"] = strftime_now
    return sandbox


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: Sequence[str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Replace Jinja's filter `tojson` by that of transformers, which writes non-ASCII characters without escapes."""
    if isinstance(indent, int):
        indent = min(indent, MAX_INDENT)
    elif indent is not None:
        indent = indent[:MAX_INDENT]
    pair = tuple(separator[:MAX_INDENT] for separator in separators) if separators else None
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=pair, sort_keys=sort_keys)  # type: ignore[arg-type]  # a pair, or json.dumps raises


def _indent(text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    """Replace Jinja's filter `indent`, which does not limit the width."""
    prefix = width[:MAX_INDENT] if isinstance(width, str) else " " * min(width, MAX_INDENT)
    lines = [prefix + line if line.strip() or blank else line for line in text.split("\n")]
    return "\n".join(lines) if first else "\n".join(lines).removeprefix(prefix)


def _format(text: str, *args: Any, **kwargs: Any) -> str:
    """Replace Jinja's filter `format` (printf-style), which does not limit the width."""
    _check_conversions(text)
    return text % (kwargs or args)


def _raise_exception(message: str) -> None:
    raise TemplateError(message)


def strftime_now(format: str) -> str:
    """Return the current local time in a format of `strftime`."""
    if _LARGE_WIDTH.search(format):
        raise SecurityError("The template formats a time with too large a width.")
    return datetime.now().astimezone().strftime(format)
