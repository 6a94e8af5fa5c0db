"""One setting that a model takes, with its bounds."""

import strawberry
from strawberry.scalars import JSON

from records.model import ParameterKind, ParameterScope, SettingApplies
from schema.enums import describe

describe(
    ParameterKind,
    "What a setting's value is.",
    INTEGER="A whole number.",
    FLOAT="A number.",
    BOOLEAN="True or false.",
    STRING="A text.",
    STRING_LIST="A list of texts.",
    ENUM="One of the options.",
)
describe(
    ParameterScope,
    "What a setting belongs to.",
    LOAD="How the model is loaded.",
    SAMPLING="How it draws its tokens.",
)
describe(
    SettingApplies,
    "When a changed setting is in force.",
    AT_ONCE="From the next answer on.",
    REBUILDS_CONTEXT="Once the context was built anew; the weights stay.",
    RELOADS_MODEL="Once the model was loaded again.",
)


@strawberry.type(description="One setting that a model takes, with its bounds.")
class ModelParameter:
    name: str = strawberry.field(description="Its name in inputs.")
    label: str = strawberry.field(description="Its name for people.")
    description: str = strawberry.field(description="What it does.")
    kind: ParameterKind = strawberry.field(description="What its value is.")
    minimum: float | None = strawberry.field(description="The least that it takes.")
    maximum: float | None = strawberry.field(description="The most that it takes.")
    step: float | None = strawberry.field(description="A sensible step from one value to the next.")
    default: JSON | None = strawberry.field(description="What it is where nobody set it.")
    value: JSON | None = strawberry.field(description="What it is now.")
    options: list[str] | None = strawberry.field(description="The choices of an ENUM.")
    scope: ParameterScope = strawberry.field(description="What it belongs to.")
    applies: SettingApplies = strawberry.field(description="When a change of it is in force.")
