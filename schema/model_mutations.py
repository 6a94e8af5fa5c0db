"""Mutations of models: what they take, what they give back."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from records import filters
from records.model import ModelSource, ModelStatus
from resolvers import models
from resolvers.argument_paths import graphql_name
from schema import ids
from schema.errors import (
    ConflictError,
    InsufficientMemoryError,
    InvalidInputError,
    ModelNotReadyError,
    NotFoundError,
)
from schema.info import Info
from schema.load_settings import LoadSettings, LoadSettingsInput
from schema.mapping import given, made_from, or_none, tuple_or_none
from schema.model import Model
from schema.provider import LOCAL
from schema.sampling import SamplingInput, SamplingSettings
from schema.scalars import BigInt


@strawberry.input(description="Models that fit everything that is given.")
class ModelFilter:
    source: list[ModelSource] | None = strawberry.field(default=UNSET, description="From one of these sources.")
    status: list[ModelStatus] | None = strawberry.field(default=UNSET, description="In one of these states.")
    provider_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Run by this provider.")
    name_contains: str | None = strawberry.field(default=UNSET, description="With this in their name, in any case.")

    def record(self) -> filters.ModelFilter:
        provider = or_none(self.provider_id)
        elsewhere = provider is not None and ids.PROVIDER.find(provider) != LOCAL
        return filters.ModelFilter(
            source=() if elsewhere else tuple_or_none(self.source),
            status=tuple_or_none(self.status),
            name_contains=or_none(self.name_contains),
        )


@strawberry.input(description="A model to load.")
class LoadModelInput:
    model_id: strawberry.ID = strawberry.field(description="The model.")
    settings: LoadSettingsInput | None = strawberry.field(
        default=UNSET, description="How to load it; as the last time otherwise."
    )
    make_default: bool | None = strawberry.field(
        default=UNSET, description="Whether it is to answer where a session names no other."
    )
    force: bool | None = strawberry.field(
        default=UNSET, description="Load even where the estimate says that it does not fit."
    )


@strawberry.input(description="A model to take out of memory.")
class UnloadModelInput:
    model_id: strawberry.ID = strawberry.field(description="The model.")


@strawberry.input(description="What to change of a model's settings; what is left out stays.")
class UpdateModelSettingsInput:
    model_id: strawberry.ID = strawberry.field(description="The model.")
    load: LoadSettingsInput | None = strawberry.field(default=UNSET, description="How it is loaded.")
    sampling: SamplingInput | None = strawberry.field(default=UNSET, description="How it draws its tokens.")
    reload: bool | None = strawberry.field(default=UNSET, description="Reload now where a load setting changed.")


@strawberry.input(description="A model whose file is to be deleted.")
class DeleteModelInput:
    model_id: strawberry.ID = strawberry.field(description="The model.")


@strawberry.type(description="The model is being loaded.")
class LoadModelSuccess:
    model: Model = strawberry.field(description="The model; watch `modelEvents`.")


@strawberry.type(description="The model is out of memory, or on its way.")
class UnloadModelSuccess:
    model: Model = strawberry.field(description="The model as it is now.")


@strawberry.type(description="The settings now in force.")
class UpdateModelSettingsSuccess:
    model: Model = strawberry.field(description="The model as it is now.")
    load: LoadSettings | None = strawberry.field(
        description="How it is loaded, read back from the engine; null while it is not."
    )
    sampling: SamplingSettings = strawberry.field(description="How it draws its tokens.")
    applied: list[str] = strawberry.field(description="The settings that are in force now, of those that were given.")
    waiting_for_reload: list[str] = strawberry.field(description="Those that wait for a reload.")
    applied_at: datetime = strawberry.field(description="When they came into force.")


@strawberry.type(description="The model's file was deleted.")
class DeleteModelSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="The id that it had.")
    freed_bytes: BigInt = strawberry.field(description="Bytes that were given back.")


LoadModelResult = Annotated[
    LoadModelSuccess | NotFoundError | ConflictError | InvalidInputError | InsufficientMemoryError,
    strawberry.union("LoadModelResult", description="The model, or why it is not loaded."),
]
UnloadModelResult = Annotated[
    UnloadModelSuccess | NotFoundError | ConflictError,
    strawberry.union("UnloadModelResult", description="The model, or why it stays."),
]
UpdateModelSettingsResult = Annotated[
    UpdateModelSettingsSuccess | NotFoundError | InvalidInputError | ModelNotReadyError | InsufficientMemoryError,
    strawberry.union("UpdateModelSettingsResult", description="What is in force, or why nothing was changed."),
]
DeleteModelResult = Annotated[
    DeleteModelSuccess | NotFoundError | ConflictError,
    strawberry.union("DeleteModelResult", description="What was deleted, or why nothing was."),
]


@strawberry.type
class ModelMutations:
    @strawberry.mutation(description="Starts loading a model; watch `modelEvents`.")
    async def load_model(
        self, info: Info, input: Annotated[LoadModelInput, strawberry.argument(description="The model.")]
    ) -> LoadModelResult:
        model_id = ids.MODEL.get(input.model_id, "model_id")
        wanted = given(input)
        record = await models.load_model(
            info.context,
            model_id,
            wanted.get("settings"),
            make_default=bool(wanted.get("make_default")),
            force=bool(wanted.get("force")),
        )
        return LoadModelSuccess(model=Model.of(record))

    @strawberry.mutation(description="Takes a model out of memory; refused while it answers.")
    async def unload_model(
        self, info: Info, input: Annotated[UnloadModelInput, strawberry.argument(description="The model.")]
    ) -> UnloadModelResult:
        model_id = ids.MODEL.get(input.model_id, "model_id")
        return UnloadModelSuccess(model=Model.of(await models.unload_model(info.context, model_id)))

    @strawberry.mutation(description="Returns the settings now in force, and which of them wait for a reload.")
    async def update_model_settings(
        self, info: Info, input: Annotated[UpdateModelSettingsInput, strawberry.argument(description="The change.")]
    ) -> UpdateModelSettingsResult:
        model_id = ids.MODEL.get(input.model_id, "model_id")
        wanted = given(input)
        outcome = await models.update_model_settings(
            info.context, model_id, wanted.get("load"), wanted.get("sampling"), reload=bool(wanted.get("reload"))
        )
        return made_from(
            UpdateModelSettingsSuccess,
            outcome,
            model=Model.of(outcome.model),
            applied=[graphql_name(name) for name in outcome.applied],
            waiting_for_reload=[graphql_name(name) for name in outcome.waiting_for_reload],
        )

    @strawberry.mutation(description="Deletes a model's file from the models folder; refused while it is loaded.")
    async def delete_model(
        self, info: Info, input: Annotated[DeleteModelInput, strawberry.argument(description="The model.")]
    ) -> DeleteModelResult:
        freed = await models.delete_model(info.context, ids.MODEL.get(input.model_id, "model_id"))
        return DeleteModelSuccess(deleted_id=input.model_id, freed_bytes=BigInt(freed))
