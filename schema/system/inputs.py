"""The inputs of the mutations of background indexing."""

import strawberry
from strawberry import UNSET


@strawberry.input(description="Input of `startIndexing`.")
class StartIndexingInput:
    now: bool = strawberry.field(
        default=True,
        description="True: start now, or as soon as the unfinished answers have ended. False: start when the machine "
        "has been idle for long enough.",
    )


@strawberry.input(description="Input of `stopIndexing`.")
class StopIndexingInput:
    reason: str | None = strawberry.field(
        default=UNSET, description="Reason for the server's log; cut after 200 characters."
    )
