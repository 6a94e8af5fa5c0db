"""Mutations of models and their results."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import models
from resolvers.argument_paths import graphql_name
from schema.common import global_ids
from schema.common.errors import (
    ConflictError,
    InsufficientMemoryError,
    InvalidInputError,
    ModelNotReadyError,
    NotFoundError,
)
from schema.common.info import Info
from schema.common.mapping import from_record, provided_fields
from schema.common.scalars import BigInt
from schema.models.inputs import DeleteModelInput, LoadModelInput, UnloadModelInput, UpdateModelSettingsInput
from schema.models.settings_types import LoadSettings, SamplingSettings
from schema.models.types import Model


@strawberry.type(
    description="The model is LOADING; or it was READY with these settings already; or it is FAILED, because its "
    "file cannot be read."
)
class LoadModelSuccess:
    model: Model = strawberry.field(description="The model; `modelEvents` reports the progress.")


@strawberry.type(description="The model is not in memory.")
class UnloadModelSuccess:
    model: Model = strawberry.field(description="The model after the change.")


@strawberry.type(
    description="The settings were stored. Those in `applied` are in effect; those in `waitingForReload` take effect "
    "when the model is loaded again."
)
class UpdateModelSettingsSuccess:
    model: Model = strawberry.field(description="The model after the change.")
    load: LoadSettings | None = strawberry.field(
        description="Load settings in effect, read back from the inference engine; null while the model is not loaded."
    )
    sampling: SamplingSettings = strawberry.field(description="Sampling settings in effect.")
    applied: list[str] = strawberry.field(description="Names of the changed settings that are in effect.")
    waiting_for_reload: list[str] = strawberry.field(
        description="Names of the changed settings that take effect when the model is loaded again."
    )
    applied_at: datetime = strawberry.field(
        description="Time at which the change was complete: the settings were stored, those in `applied` were in "
        "effect, and a load that `reload` requested had ended."
    )


@strawberry.type(description="The model's files were deleted.")
class DeleteModelSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="Id of the deleted model.")
    freed_bytes: BigInt = strawberry.field(description="Number of bytes freed on the disk.")


LoadModelResult = Annotated[
    LoadModelSuccess | NotFoundError | ConflictError | InvalidInputError | InsufficientMemoryError,
    strawberry.union("LoadModelResult", description="Result of `loadModel`."),
]
UnloadModelResult = Annotated[
    UnloadModelSuccess | NotFoundError | ConflictError,
    strawberry.union("UnloadModelResult", description="Result of `unloadModel`."),
]
UpdateModelSettingsResult = Annotated[
    UpdateModelSettingsSuccess | NotFoundError | InvalidInputError | ModelNotReadyError | InsufficientMemoryError,
    strawberry.union("UpdateModelSettingsResult", description="Result of `updateModelSettings`."),
]
DeleteModelResult = Annotated[
    DeleteModelSuccess | NotFoundError | ConflictError,
    strawberry.union("DeleteModelResult", description="Result of `deleteModel`."),
]


@strawberry.type
class ModelMutations:
    @strawberry.mutation(
        description="Load a model in the background. At most one model is in memory: a loaded model is unloaded "
        "first, also the same model if its settings change. Returns at once; `modelEvents` reports the "
        "progress. Only sessions that select the model (`SessionSettings.modelId`) use it, and if it is "
        "the default model (`makeDefault`) also those that select none. Returns `ConflictError` if an "
        "unfinished answer uses the loaded model, or if a model is being loaded or unloaded."
    )
    async def load_model(
        self, info: Info, input: Annotated[LoadModelInput, strawberry.argument(description="The model.")]
    ) -> LoadModelResult:
        model_id = global_ids.MODEL.get_key(input.model_id, "model_id")
        provided = provided_fields(input)
        record = await models.load_model(
            info.context,
            model_id,
            provided.get("settings"),
            make_default=bool(provided.get("make_default")),
            force=bool(provided.get("force")),
        )
        return LoadModelSuccess(model=Model.from_record(record))

    @strawberry.mutation(
        description="Remove a model from memory, also one that is being loaded. A model that is not in memory is not "
        "changed. Returns `ConflictError` if an unfinished answer uses the model, or if the model is in "
        "the stage INSPECTING."
    )
    async def unload_model(
        self, info: Info, input: Annotated[UnloadModelInput, strawberry.argument(description="The model.")]
    ) -> UnloadModelResult:
        model_id = global_ids.MODEL.get_key(input.model_id, "model_id")
        return UnloadModelSuccess(model=Model.from_record(await models.unload_model(info.context, model_id)))

    @strawberry.mutation(
        description="Change load and sampling settings of a model. Returns the settings in effect, and the names of "
        "the changed settings that take effect when the model is loaded again."
    )
    async def update_model_settings(
        self, info: Info, input: Annotated[UpdateModelSettingsInput, strawberry.argument(description="The changes.")]
    ) -> UpdateModelSettingsResult:
        model_id = global_ids.MODEL.get_key(input.model_id, "model_id")
        provided = provided_fields(input)
        outcome = await models.update_model_settings(
            info.context,
            model_id,
            provided.get("load"),
            provided.get("sampling"),
            reload=bool(provided.get("reload")),
        )
        return from_record(
            UpdateModelSettingsSuccess,
            outcome,
            model=Model.from_record(outcome.model),
            applied=[graphql_name(name) for name in outcome.applied],
            waiting_for_reload=[graphql_name(name) for name in outcome.waiting_for_reload],
        )

    @strawberry.mutation(
        description="Delete the files of a LOCAL_FILE model. Returns `ConflictError` if the model is in memory or has "
        "another source, or if its files cannot be deleted."
    )
    async def delete_model(
        self, info: Info, input: Annotated[DeleteModelInput, strawberry.argument(description="The model.")]
    ) -> DeleteModelResult:
        freed = await models.delete_model(info.context, global_ids.MODEL.get_key(input.model_id, "model_id"))
        return DeleteModelSuccess(deleted_id=input.model_id, freed_bytes=BigInt(freed))
