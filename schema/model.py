"""A model as the graph shows it: what its file says, what state it is in, what it takes."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET

from records import model as records
from records.codes import ErrorCode
from records.model import FitVerdict, LoadStage, ModelRecord, ModelSource, ModelStatus
from resolvers import models
from resolvers.argument_paths import graphql_name
from schema import ids
from schema.enums import describe
from schema.info import Info
from schema.load_settings import LoadSettings, LoadSettingsInput
from schema.mapping import given, made_from
from schema.model_parameter import ModelParameter
from schema.node import Node
from schema.sampling import SamplingSettings
from schema.scalars import BigInt

if TYPE_CHECKING:
    from schema.provider import Provider

describe(
    ModelSource,
    "Where a model comes from.",
    BUNDLED="From a package that was installed with the server.",
    LOCAL_FILE="From the models folder.",
    HUB_CACHE="From the hub's cache on this machine.",
    REMOTE="From a provider elsewhere.",
)
describe(
    ModelStatus,
    "What state a model is in.",
    UNLOADED="Not in memory.",
    LOADING="On its way into memory; `stage` and `progress` say how far.",
    READY="It answers.",
    UNLOADING="On its way out of memory.",
    FAILED="It could not be loaded; `error` says why.",
)
describe(
    LoadStage,
    "What loading a model is at.",
    INSPECTING="Its file is being looked at.",
    SPAWNING="Its process is being started.",
    READING_WEIGHTS="Its weights are being read.",
    CREATING_CONTEXT="Its context is being allocated.",
    WARMING_UP="It writes its first tokens.",
)
describe(
    FitVerdict,
    "Whether a model fits into this machine.",
    FITS="It fits.",
    TIGHT="It just fits; other programs may suffer.",
    DOES_NOT_FIT="It does not fit.",
)


@strawberry.type(description="Why a model could not be loaded.")
class ModelError:
    code: ErrorCode = strawberry.field(description="What went wrong, for programs.")
    message: str = strawberry.field(description="What went wrong, for people.")
    hint: str | None = strawberry.field(description="What a person can do about it.")


@strawberry.type(description="What a model needs of the machine's memory, and what there is.")
class MemoryFit:
    verdict: FitVerdict = strawberry.field(description="Whether it fits.")
    weights_bytes: BigInt = strawberry.field(description="For its weights.")
    kv_cache_bytes: BigInt = strawberry.field(description="For the tokens that it holds.")
    compute_bytes: BigInt = strawberry.field(description="For its calculations.")
    total_bytes: BigInt = strawberry.field(description="All of it together.")
    available_ram_bytes: BigInt = strawberry.field(description="Main memory that is free for it.")
    available_vram_bytes: BigInt | None = strawberry.field(
        description="GPU memory that is free for it, where there is a GPU."
    )
    suggestion: str | None = strawberry.field(description="What would fit.")


@strawberry.type(description="A language model that can answer.")
class Model(Node):
    record: strawberry.Private[ModelRecord]
    name: str = strawberry.field(description="What people call it.")
    source: ModelSource = strawberry.field(description="Where it comes from.")
    path: str | None = strawberry.field(description="Its file.")
    repository: str | None = strawberry.field(
        description="The hub's repository that it came from, where that is known."
    )
    architecture: str | None = strawberry.field(description="Its architecture, as its file names it.")
    parameter_count: BigInt | None = strawberry.field(description="How many weights it has.")
    quantization: str | None = strawberry.field(description="How its weights are packed.")
    byte_size: BigInt | None = strawberry.field(description="Bytes of its file.")
    trained_context_length: int | None = strawberry.field(description="The context length that it was trained with.")
    has_chat_template: bool | None = strawberry.field(
        description="False for a base model: it continues text and does not know how to chat."
    )
    status: ModelStatus = strawberry.field(description="What state it is in.")
    stage: LoadStage | None = strawberry.field(description="What loading is at, where it is.")
    progress: float = strawberry.field(description="Share of the stage that is done, 0 to 1.")
    error: ModelError | None = strawberry.field(description="Why it is FAILED.")
    loaded_at: datetime | None = strawberry.field(description="Since when it is READY.")
    load_settings: LoadSettings | None = strawberry.field(description="In force now, read back from the engine.")
    pending_load_settings: LoadSettings | None = strawberry.field(description="Asked for, waiting for a reload.")
    sampling: SamplingSettings = strawberry.field(
        description="How it draws its tokens unless a session says otherwise."
    )
    is_default: bool = strawberry.field(description="Whether it answers where a session names no other.")

    @classmethod
    def of(cls, record: ModelRecord) -> "Model":
        facts = record.facts or NO_FACTS
        return made_from(
            cls,
            record,
            record=record,
            id=ids.MODEL.of(record.id),
            path=str(record.path),
            repository=None,
            architecture=facts.architecture,
            parameter_count=facts.parameter_count,
            quantization=facts.quantization,
            byte_size=facts.byte_size if record.facts else None,
            trained_context_length=facts.trained_context_length,
            has_chat_template=facts.has_chat_template,
        )

    @strawberry.field(description="Who runs it.")
    def provider(self) -> Annotated["Provider", strawberry.lazy("schema.provider")]:
        from schema.provider import local_provider

        return local_provider()

    @strawberry.field(
        description="The settings that this model takes, with their bounds: what a settings panel is drawn from."
    )
    def parameters(self, info: Info) -> list[ModelParameter]:
        taken = models.list_parameters(info.context, self.record)
        return [made_from(ModelParameter, each, name=graphql_name(each.name)) for each in taken]

    @strawberry.field(
        description="Whether it fits into this machine, before anything is loaded.", graphql_type=MemoryFit | None
    )
    async def fit(
        self,
        info: Info,
        settings: Annotated[
            LoadSettingsInput | None,
            strawberry.argument(
                description="As it would be loaded; as it is set otherwise. Settings that it does not take give null."
            ),
        ] = UNSET,
    ) -> records.MemoryFit | None:
        return await models.estimate_fit(info.context, self.record, given(settings) if settings else {})


NO_FACTS = records.ModelFacts(None, None, None, 0, None, None)
