"""Helpers of subscriptions."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from schema.common.global_ids import IdCodec
from schema.common.mapping import or_none

Key = TypeVar("Key", bound=int | str)
Record = TypeVar("Record")
Output = TypeVar("Output")


async def map_stream(
    source: AsyncGenerator[Record, None], convert: Callable[[Record], Output]
) -> AsyncGenerator[Output, None]:
    """Yield each record of a stream after conversion. Close the source together with this generator."""
    async with aclosing(source) as records:
        async for record in records:
            yield convert(record)


def get_optional_key(codec: IdCodec[Key], global_id: str | None, field: str) -> Key | None:
    """Return the key of an optional id argument; None if it was omitted. Raises `NotFound` for an invalid id."""
    text = or_none(global_id)
    return None if text is None else codec.get_key(text, field)
