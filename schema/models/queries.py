"""Queries of models and providers."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from resolvers import models
from schema.common import global_ids
from schema.common.info import Info
from schema.models.inputs import LOCAL, ModelFilter
from schema.models.providers import Provider, local_provider
from schema.models.types import Model


async def find_model(info: Info, global_id: str) -> Model | None:
    record = models.find_model(info.context, global_ids.MODEL.find_key(global_id))
    return None if record is None else Model.from_record(record)


async def find_provider(info: Info, global_id: str) -> Provider | None:
    return local_provider() if global_ids.PROVIDER.find_key(global_id) == LOCAL else None


@strawberry.type
class ModelQueries:
    @strawberry.field(
        description="List the models that can generate answers, loaded or not: the bundled one first, then by name."
    )
    async def models(
        self,
        info: Info,
        filter: Annotated[ModelFilter | None, strawberry.argument(description="Conditions on the models.")] = UNSET,
    ) -> list[Model]:
        conditions = filter.to_record() if filter else None
        return [Model.from_record(record) for record in await models.list_models(info.context, conditions)]

    @strawberry.field(description="Return a model by its id; null for an unknown id.")
    async def model(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Id of the model.")]
    ) -> Model | None:
        return await find_model(info, id)

    @strawberry.field(description="List the providers of models. At present, this machine is the only one.")
    def providers(self) -> list[Provider]:
        return [local_provider()]
