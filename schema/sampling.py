"""Sampling settings, as they are in force and as they are asked for."""

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON


@strawberry.type(description="What is null is not taken by the model's provider, or inherited.")
class SamplingSettings:
    max_tokens: int | None = strawberry.field(description="The most tokens of an answer.")
    temperature: float | None = strawberry.field(
        description="How freely tokens are drawn; 0 always takes the likeliest."
    )
    top_p: float | None = strawberry.field(description="Draw from the likeliest tokens that make up this share.")
    top_k: int | None = strawberry.field(description="Draw from so many of the likeliest tokens.")
    min_p: float | None = strawberry.field(description="Drop tokens below this share of the likeliest one's.")
    repeat_penalty: float | None = strawberry.field(description="Divides what was written before; 1 is none.")
    presence_penalty: float | None = strawberry.field(description="Taken off tokens that were written at all.")
    frequency_penalty: float | None = strawberry.field(description="Taken off tokens for each time they were written.")
    seed: int | None = strawberry.field(description="Where drawing begins; the same seed draws alike.")
    stop: list[str] | None = strawberry.field(description="Texts that end the answer where they appear.")
    deterministic: bool | None = strawberry.field(
        description="Alone in its batch and without reuse: the same seed gives the same text. Slower for everyone."
    )
    extra: JSON | None = strawberry.field(
        description="Parameters that only this provider takes, by `Model.parameters`' names."
    )


@strawberry.input(description="Sampling settings to change; null goes back to what is inherited.")
class SamplingInput:
    max_tokens: int | None = strawberry.field(default=UNSET, description="The most tokens of an answer.")
    temperature: float | None = strawberry.field(
        default=UNSET, description="How freely tokens are drawn; 0 always takes the likeliest."
    )
    top_p: float | None = strawberry.field(
        default=UNSET, description="Draw from the likeliest tokens that make up this share."
    )
    top_k: int | None = strawberry.field(default=UNSET, description="Draw from so many of the likeliest tokens.")
    min_p: float | None = strawberry.field(
        default=UNSET, description="Drop tokens below this share of the likeliest one's."
    )
    repeat_penalty: float | None = strawberry.field(
        default=UNSET, description="Divides what was written before; 1 is none."
    )
    presence_penalty: float | None = strawberry.field(
        default=UNSET, description="Taken off tokens that were written at all."
    )
    frequency_penalty: float | None = strawberry.field(
        default=UNSET, description="Taken off tokens for each time they were written."
    )
    seed: int | None = strawberry.field(default=UNSET, description="Where drawing begins; the same seed draws alike.")
    stop: list[str] | None = strawberry.field(default=UNSET, description="Texts that end the answer where they appear.")
    deterministic: bool | None = strawberry.field(
        default=UNSET, description="The same seed gives the same text, at a price in speed for everyone."
    )
    extra: JSON | None = strawberry.field(
        default=UNSET, description="Parameters that only this provider takes, by `Model.parameters`' names."
    )
