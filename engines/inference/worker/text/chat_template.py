"""The model's own chat template, rendered in a sandbox with limits: templates come out of files from strangers.

A template that refuses or drops the system role gets those instructions in front of the first user message. A model
without a template only continues text: it gets a plain transcript, and stop strings so that it does not go on to
ask itself the next question.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

Message = tuple[str, str]
"""Role and text."""

MOST_OUTPUT = 8 * 1024 * 1024
MOST_SECONDS = 2.0
COMPLETION_STOPS = ("\nQuestion:", "\nAnswer:", "\nPassages:")

_RENDERING_FAILS = (
    TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError, MemoryError,
)  # fmt: skip
_LONGEST_PRODUCT = 1_000_000
_PROBE = "8c41f0"


class TemplateFailed(Exception):
    """The template cannot be rendered; the text says why."""


class ChatTemplate:
    """A compiled template, tried out once. Raises `TemplateFailed` where it does not even render a greeting."""

    def __init__(self, source: str, bos: str, eos: str, seconds: float = MOST_SECONDS) -> None:
        self._seconds = seconds
        self._specials = {"bos_token": bos, "eos_token": eos}
        try:
            self._template = _environment().from_string(source)
        except (*_RENDERING_FAILS, SyntaxError) as error:
            raise TemplateFailed(f"It does not compile: {error}") from error
        self.thinks = "<think>" in source or "</think>" in source
        self.stops: tuple[str, ...] = ()
        self._takes_system = self._probe()

    def _probe(self) -> bool:
        """Whether instructions get through as a message of their own."""
        try:
            return _PROBE in self._render([("system", _PROBE), ("user", "Hello")])
        except TemplateFailed:
            self._render([("user", "Hello")])
            return False

    def render(self, messages: Sequence[Message]) -> str:
        """The whole prompt, open for the answer. Raises `TemplateFailed`."""
        return self._render(messages if self._takes_system else merge_instructions(messages))

    def _render(self, messages: Sequence[Message]) -> str:
        values: dict[str, Any] = {
            **self._specials,
            "messages": [{"role": role, "content": text} for role, text in messages],
            "add_generation_prompt": True,
        }
        try:
            with _time_limit(self._seconds):
                return _bounded(self._template.generate(values))
        except _RENDERING_FAILS as error:
            raise TemplateFailed(str(error)) from error


class CompletionTemplate:
    """Stands in for the template of a base model."""

    thinks = False
    stops = COMPLETION_STOPS

    def render(self, messages: Sequence[Message]) -> str:
        return "\n\n".join([*(_spoken(role, text) for role, text in messages), "Answer:"])


def _spoken(role: str, text: str) -> str:
    label = {"user": "Question: ", "assistant": "Answer: "}.get(role, "")
    return text if text.startswith("Passages:") else f"{label}{text}"


def merge_instructions(messages: Sequence[Message]) -> list[Message]:
    """Put what the system says in front of the first user message."""
    instructions = "\n\n".join(text for role, text in messages if role == "system")
    rest = [(role, text) for role, text in messages if role != "system"]
    if not instructions:
        return rest
    first = next((at for at, (role, _) in enumerate(rest) if role == "user"), None)
    if first is None:
        return [("user", instructions), *rest]
    return [*rest[:first], ("user", f"{instructions}\n\n{rest[first][1]}"), *rest[first + 1 :]]


def _bounded(pieces: Iterator[str]) -> str:
    written, length = [], 0
    for piece in pieces:
        length += len(piece)
        if length > MOST_OUTPUT:
            raise SecurityError("The template writes without end.")
        written.append(piece)
    return "".join(written)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Stop what runs in this block after `seconds`, even a loop that writes nothing, line by line.

    A trace function is the one means that works on any thread and cannot strike after the block has ended.
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


class _Sandbox(ImmutableSandboxedEnvironment):
    """Products of texts and powers are bounded, so that no single step can take all memory."""

    intercepted_binops = frozenset({"*", "**", "%"})
    padding = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs", "translate"})

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return attr not in self.padding and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        if super().wrap_str_format(value) is not None:
            raise SecurityError("str.format is not allowed here: it can pad without bound.")
        return None

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "*" and not _small_product(left, right):
            raise SecurityError("The template multiplies something huge.")
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise SecurityError(f"The operator {operator} is not allowed here.")
        return super().call_binop(context, operator, left, right)


def _small_product(left: Any, right: Any) -> bool:
    sizes = [len(side) if isinstance(side, str | list | tuple) else abs(side) for side in (left, right)]
    return bool(sizes[0] * sizes[1] <= _LONGEST_PRODUCT)


def _environment() -> jinja2.Environment:
    sandbox = _Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    for name in ("format", "center", "wordwrap"):
        del sandbox.filters[name]
    sandbox.filters["tojson"] = _to_json
    sandbox.filters["indent"] = _indent
    sandbox.globals["raise_exception"] = _refuse
    sandbox.globals["strftime_now"] = _now
    return sandbox


def _to_json(value: Any, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _indent(text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    shift = width[:100] if isinstance(width, str) else " " * min(width, 100)
    lines = [shift + line if line.strip() or blank else line for line in text.split("\n")]
    return "\n".join(lines) if first else "\n".join(lines).removeprefix(shift)


def _refuse(message: str) -> None:
    raise TemplateError(message)


def _now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)
