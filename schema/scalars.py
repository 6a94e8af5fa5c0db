"""The graph's own scalars: moments, 64-bit counts, open data, files."""

import math
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from records.document import ReceivedFile

BigInt = NewType("BigInt", int)
Upload = NewType("Upload", ReceivedFile)

LARGEST = 2**63 - 1


def _write_moment(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone says nothing")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in str(value).upper():
        raise GraphQLError("A DateTime is written as RFC 3339 says, with a zone: 2026-11-21T12:00:00Z.")
    return moment.astimezone(UTC)


def _read_big(value: Any) -> int:
    if isinstance(value, float) and value.is_integer() and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise GraphQLError("A BigInt is a whole number of at most 64 bits.")
    return value


def _read_upload(value: Any) -> ReceivedFile:
    if not isinstance(value, ReceivedFile):
        raise GraphQLError("A file is sent as graphql-multipart-request-spec says.")
    return value


def _never_written(value: Any) -> Any:
    raise TypeError("an Upload only comes in")


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC, written as RFC 3339 says, always with a zone.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_write_moment,
        parse_value=_read_moment,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="Bytes and counts: a 64-bit whole number, written as a JSON number.",
        serialize=int,
        parse_value=_read_big,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        description="A file that is sent along with the operation.",
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        serialize=_never_written,
        parse_value=_read_upload,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value; used for truly open data alone.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
