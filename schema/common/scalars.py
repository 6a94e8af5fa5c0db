"""Custom scalars: DateTime, BigInt, Upload and JSON."""

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

MAX_BIG_INT = 2**63 - 1


def _serialize_datetime(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a datetime of the schema must have a time zone")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _parse_datetime(value: Any) -> datetime:
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        parsed = None
    if parsed is None or parsed.tzinfo is None or "T" not in str(value).upper():
        raise GraphQLError("A DateTime must follow RFC 3339 and have a time zone, such as 2026-11-21T12:00:00Z.")
    return parsed.astimezone(UTC)


def _parse_big_int(value: Any) -> int:
    if isinstance(value, float) and value.is_integer() and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_BIG_INT:
        raise GraphQLError("A BigInt must be a whole number of at most 64 bits.")
    return value


def _parse_upload(value: Any) -> ReceivedFile:
    if not isinstance(value, ReceivedFile):
        raise GraphQLError("An Upload must be sent as a file of a GraphQL multipart request.")
    return value


def _reject_output(value: Any) -> Any:
    raise TypeError("an Upload is an input only")


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A date and time in UTC, formatted according to RFC 3339, such as `2026-11-21T12:00:00Z`. "
        "Input may have any time zone, but must have one.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_serialize_datetime,
        parse_value=_parse_datetime,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 64 bits, sent as a JSON number. Used for bytes and large counts.",
        serialize=int,
        parse_value=_parse_big_int,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        description="A file that is sent with the operation in a multipart request.",
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        serialize=_reject_output,
        parse_value=_parse_upload,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}
