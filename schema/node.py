"""What has a global id."""

import strawberry


@strawberry.interface(description="Anything with a global, opaque id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque; the same for as long as the thing is there.")
