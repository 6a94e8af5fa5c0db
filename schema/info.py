"""What field functions are handed: Strawberry's info, with our context in it."""

from typing import TypeAlias

import strawberry

from resolvers.request_context import Context

Info: TypeAlias = strawberry.Info[Context, None]
