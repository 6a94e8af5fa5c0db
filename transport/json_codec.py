"""JSON of requests and responses. Strings with half a surrogate pair are decoded, and replaced when they are encoded.

A JavaScript program that cuts a string inside an emoji writes half a surrogate pair, as an escape such as `\\ud83d`. The
grammar of JSON allows it; orjson rejects it. Of several operations on a connection, only the one that uses such a string may
fail.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn

import orjson

from transport.errors import Formatted
from transport.execution.error_masking import ErrorMasking

_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class InvalidJSON(ValueError):
    """The text is not JSON in UTF-8, or contains numbers that are not finite."""


def decode_json(text: bytes | bytearray | str) -> Any:
    """Decode JSON. Integers beyond 64 bits become floating-point numbers. Raises `InvalidJSON` if it cannot be decoded."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        encoded = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)
        if not _SURROGATE_ESCAPE.search(encoded):
            raise InvalidJSON from None
        return _decode_surrogates(encoded)


def _decode_surrogates(encoded: bytes) -> Any:
    """Decode with the standard library, which accepts half a surrogate pair. Numbers are decoded as by orjson."""
    try:
        return json.loads(
            encoded.decode("utf-8"), parse_int=orjson.loads, parse_float=orjson.loads, parse_constant=_reject_constant
        )
    except (ValueError, RecursionError):  # `ValueError` is the base of the errors of UTF-8, of `json` and of orjson
        raise InvalidJSON from None


def _reject_constant(name: str) -> NoReturn:
    raise InvalidJSON(name)


class EncodedPayload(str):
    """A GraphQL response as JSON text, with its errors, so that an observer need not decode it."""

    __slots__ = ("errors",)

    errors: Sequence[Formatted]

    def __new__(cls, text: str, errors: Sequence[Formatted] = ()) -> "EncodedPayload":
        encoded = super().__new__(cls, text)
        encoded.errors = errors
        return encoded


def encode_json(payload: Any, masking: ErrorMasking | None = None) -> bytes:
    """Encode a response or a frame. Half a surrogate pair becomes U+FFFD.

    A value that JSON cannot represent becomes a masked error.
    """
    try:
        return orjson.dumps(payload)
    except TypeError:
        return _encode_replaced(payload, masking or ErrorMasking(None, 1))


def _encode_replaced(payload: Any, masking: ErrorMasking) -> bytes:
    try:
        return orjson.dumps(_replace_surrogates(payload))
    except TypeError as error:
        return orjson.dumps({"errors": [masking.mask(error)], "data": None})


def _replace_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_replace_surrogates(name): _replace_surrogates(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_surrogates(each) for each in value]
    return value


def encode_text(text: str) -> str:
    """Encode a string so that a client decodes the same string, even if it contains an unpaired surrogate."""
    return json.dumps(text)
