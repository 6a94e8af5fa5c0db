"""The schema, made of its parts. `python -m schema.build` prints it, for `schema/schema.graphql`."""

import sys
from collections.abc import Callable, Iterable

import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from schema.errors import RULES
from schema.message_events import MEMBERS
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription


def build_schema(extensions: Iterable[type[SchemaExtension] | Callable[[], SchemaExtension]] = ()) -> strawberry.Schema:
    """The transport hands in its extensions; none may resolve fields."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=MEMBERS,
        extensions=list(extensions),
        exception_handlers=RULES,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )


if __name__ == "__main__":
    sys.stdout.write(build_schema().as_str() + "\n")
