"""The inputs of the mutations of background indexing."""

import strawberry
from strawberry import UNSET


@strawberry.input(description="How to start background indexing.")
class StartIndexingInput:
    now: bool = strawberry.field(
        default=True,
        description="Whether to start at once (true), or when the machine has been idle for long enough (false).",
    )


@strawberry.input(description="How to stop background indexing.")
class StopIndexingInput:
    reason: str | None = strawberry.field(
        default=UNSET, description="Reason for the server's log; cut after 200 characters."
    )
