"""Strawberry's executor with a bounded cache of selections that all events of a subscription share.

graphql-core caches the subfields of each field. The key of its cache is a list that it creates anew for each event, so the
cache of a subscription grows with every event. `CachesSelections` overrides `collect_subfields`, which fills that cache.
Checked against graphql-core 3.3.2.
"""

from typing import Any

from graphql import GraphQLObjectType
from graphql.execution import Executor
from graphql.execution.collect_fields import CollectedFields, FieldDetails
from strawberry import Schema


class CachesSelections:
    """Caches subfields by the nodes of the document, which are the same for all events of a subscription."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._subfields: dict[tuple[object, ...], CollectedFields] = {}

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: list[FieldDetails]
    ) -> CollectedFields:
        key = (return_type, *[id(details.node) for details in field_details_list])
        cached = self._subfields.get(key)
        if cached is None:
            base: Any = super()
            cached = self._subfields[key] = base.collect_subfields(return_type, field_details_list)
        return cached


def executor_class(schema: Schema) -> type[Executor[Any]]:
    """Return a subclass of the schema's executor class that caches selections."""
    return type("TransportExecutor", (CachesSelections, schema.execution_context_class), {})
