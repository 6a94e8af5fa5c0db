"""Composition of the schema. `python -m schema.build > schema/schema.graphql` prints it."""

import sys
from collections.abc import Callable, Iterable

import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from schema.access.log_in_mutations import LogInMutations
from schema.access.mutations import AccountMutations
from schema.access.queries import AccessQueries
from schema.collections.mutations import CollectionMutations, GroupMutations
from schema.collections.queries import CollectionQueries
from schema.collections.subscriptions import CollectionSubscriptions
from schema.common.errors import ERROR_HANDLERS
from schema.common.queries import NodeQueries
from schema.common.scalars import SCALARS
from schema.documents.mutations import DocumentMutations
from schema.documents.queries import DocumentQueries
from schema.documents.subscriptions import DocumentSubscriptions
from schema.models.mutations import ModelMutations
from schema.models.queries import ModelQueries
from schema.models.subscriptions import ModelSubscriptions
from schema.search.queries import SearchQueries
from schema.sessions.message_events import MESSAGE_EVENTS
from schema.sessions.mutations import MessageMutations, SessionMutations
from schema.sessions.queries import SessionQueries
from schema.sessions.subscriptions import SessionSubscriptions
from schema.statistics.queries import StatisticsQueries
from schema.system.mutations import IndexingMutations
from schema.system.queries import SystemQueries
from schema.system.subscriptions import SystemSubscriptions


@strawberry.type(
    description="Read operations. A query for a single object returns null for an unknown id; `search` returns a "
    "`NotFoundError` for an unknown id in its input."
)
class Query(
    NodeQueries,
    DocumentQueries,
    SearchQueries,
    SessionQueries,
    ModelQueries,
    SystemQueries,
    AccessQueries,
    CollectionQueries,
    StatisticsQueries,
):
    pass


@strawberry.type(
    description="Write operations. Each result is a union of the success type and the errors that are expected. "
    "Ingestion, the generation of answers, background indexing and the loading of a model continue after "
    "the result is returned; subscriptions report their progress. Exception: `updateModelSettings` with "
    "`reload: true` returns when the model is loaded or loading it has failed. An operation that the role of the viewer or "
    "the limit of an API key does not permit fails with the top-level error FORBIDDEN, and one without the credentials "
    "that it needs with UNAUTHENTICATED."
)
class Mutation(
    DocumentMutations,
    SessionMutations,
    MessageMutations,
    ModelMutations,
    IndexingMutations,
    LogInMutations,
    AccountMutations,
    CollectionMutations,
    GroupMutations,
):
    pass


@strawberry.type(
    description="Event streams. A subscription to an unknown id fails with the code NOT_FOUND before its first event."
)
class Subscription(
    SessionSubscriptions, ModelSubscriptions, DocumentSubscriptions, SystemSubscriptions, CollectionSubscriptions
):
    pass


def build_schema(extensions: Iterable[type[SchemaExtension] | Callable[[], SchemaExtension]] = ()) -> strawberry.Schema:
    """Return the executable schema with the extensions of the transport, which must not resolve fields."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=MESSAGE_EVENTS,
        extensions=list(extensions),
        exception_handlers=ERROR_HANDLERS,
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )


if __name__ == "__main__":
    sys.stdout.write(build_schema().as_str() + "\n")
