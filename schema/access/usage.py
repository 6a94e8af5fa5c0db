"""The usage of the viewer today."""

from datetime import datetime

import strawberry

from records.access import usage as records
from schema.common.scalars import BigInt


@strawberry.type(
    description="Usage of the user on the current day in UTC, with the limits that the server's settings set for each user."
)
class UsageWindow:
    answers_today: int = strawberry.field(description="Number of answers that were started today.")
    answers_limit: int | None = strawberry.field(description="Maximum number of answers a day; null for no limit.")
    tokens_today: BigInt = strawberry.field(
        description="Number of tokens of the answers that ended today: prompts and generated tokens, reasoning included. "
        "Answers that failed or were canceled count with the tokens until then."
    )
    tokens_limit: BigInt | None = strawberry.field(
        description="Number of tokens a day after which further answers are refused; null for no limit."
    )
    uploaded_bytes_today: BigInt = strawberry.field(
        description="Total size in bytes of the documents that were added today. A duplicate does not count."
    )
    upload_limit_bytes: BigInt | None = strawberry.field(
        description="Maximum total size in bytes of new documents a day; null for no limit."
    )
    resets_at: datetime = strawberry.field(
        description="Time at which the counts start again: the end of the day in UTC."
    )

    @classmethod
    def from_record(cls, window: records.UsageWindow) -> "UsageWindow":
        today, limits = window.today, window.limits
        return cls(
            answers_today=today.answers,
            answers_limit=limits.daily_answers,
            tokens_today=BigInt(today.tokens),
            tokens_limit=_big_int(limits.daily_tokens),
            uploaded_bytes_today=BigInt(today.uploaded_bytes),
            upload_limit_bytes=_big_int(limits.daily_upload_bytes),
            resets_at=window.resets_at,
        )


def _big_int(value: int | None) -> BigInt | None:
    return None if value is None else BigInt(value)
