"""Responses as bytes."""

from collections.abc import Sequence
from typing import Any

import orjson

from transport.security.masking import Masking
from transport.security.refusals import Formatted


class Encoded(str):
    """A payload as JSON, with its errors as they were before: who observes it need not read it again."""

    __slots__ = ("errors",)

    errors: Sequence[Formatted]

    def __new__(cls, text: str, errors: Sequence[Formatted] = ()) -> "Encoded":
        encoded = super().__new__(cls, text)
        encoded.errors = errors
        return encoded


def encode(payload: dict[str, Any] | str, masking: Masking | None = None) -> bytes:
    """JSON. A value that JSON has no place for is a surprise like any other."""
    try:
        return orjson.dumps(payload)
    except TypeError as cause:
        return orjson.dumps({"errors": [(masking or Masking(None, 1)).surprise(cause)], "data": None})
