"""The `info` argument of fields: Strawberry's, with the context of the resolvers."""

from typing import TypeAlias

import strawberry

from resolvers.request_context import Context

Info: TypeAlias = strawberry.Info[Context, None]
