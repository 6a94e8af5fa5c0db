"""Responses as bytes."""

from typing import Any

import orjson

from transport.masking import Masking


def encode(payload: dict[str, Any] | str, masking: Masking | None = None) -> bytes:
    """JSON. A value that JSON has no place for is a surprise like any other."""
    try:
        return orjson.dumps(payload)
    except TypeError as cause:
        return orjson.dumps({"errors": [(masking or Masking(None, 1)).surprise(cause)], "data": None})
