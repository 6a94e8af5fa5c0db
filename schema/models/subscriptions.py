"""Subscriptions to changes of models."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from strawberry import UNSET

from resolvers import models
from schema.common import global_ids
from schema.common.info import Info
from schema.common.streams import get_optional_key, map_stream
from schema.models.types import ModelEvent


@strawberry.type
class ModelSubscriptions:
    @strawberry.subscription(
        description="Changes of one model, or of all models: state, load progress and settings. Starts with a snapshot."
    )
    async def model_events(
        self,
        info: Info,
        model_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Id of the model; all models by default.")
        ] = UNSET,
    ) -> AsyncGenerator[ModelEvent, None]:
        key = get_optional_key(global_ids.MODEL, model_id, "model_id")
        changes = await models.stream_model_events(info.context, key)
        return map_stream(changes, ModelEvent.from_change)
