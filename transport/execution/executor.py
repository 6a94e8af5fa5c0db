"""Strawberry's executor, but what it remembers of an operation's selections is bounded, and of use to every event.

graphql-core remembers the fields below a field by a list that it makes anew for each event of a subscription, and keeps
that list alive in what all events of the stream share: a stream that runs for days grows with every event.
"""

from typing import Any

from graphql import GraphQLObjectType
from graphql.execution import Executor
from graphql.execution.collect_fields import CollectedFields, FieldDetails
from strawberry import Schema


class RemembersSelections:
    """The nodes of a document live as long as its executor, so they can stand for the lists made of them."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._subfields: dict[tuple[object, ...], CollectedFields] = {}

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: list[FieldDetails]
    ) -> CollectedFields:
        key = (return_type, *[id(details.node) for details in field_details_list])
        known = self._subfields.get(key)
        if known is None:
            base: Any = super()
            known = self._subfields[key] = base.collect_subfields(return_type, field_details_list)
        return known


def executor_class(schema: Schema) -> type[Executor[Any]]:
    return type("TransportExecutor", (RemembersSelections, schema.execution_context_class), {})
