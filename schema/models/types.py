"""Language models: the facts of their files, their state and their memory needs."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from records import model as records
from records.codes import ErrorCode
from records.events import Change, ChangeKind
from records.ids import ModelId
from records.model import FitVerdict, LoadStage, ModelRecord, ModelSource, ModelStatus
from resolvers import models
from resolvers.argument_paths import graphql_name
from schema.common import global_ids
from schema.common.enums import describe
from schema.common.info import Info
from schema.common.mapping import from_record, provided_fields
from schema.common.references import ProviderRef
from schema.common.scalars import BigInt
from schema.common.types import Node
from schema.models import providers
from schema.models.inputs import LoadSettingsInput
from schema.models.settings_types import LoadSettings, ModelParameter, SamplingSettings

describe(
    ModelSource,
    "Origin of a model.",
    BUNDLED="A Python package that was installed with the server.",
    LOCAL_FILE="A GGUF file in the models folder.",
    HUB_CACHE="The cache of the Hugging Face Hub on this machine. Does not occur at present.",
    REMOTE="A remote provider. Does not occur at present.",
)
describe(
    ModelStatus,
    "State of a model.",
    UNLOADED="Not in memory.",
    LOADING="Being loaded; `Model.stage` and `Model.progress` report the progress.",
    READY="Loaded; can generate answers.",
    UNLOADING="Being removed from memory.",
    FAILED="Could not be loaded, or ended unexpectedly; `Model.error` has the reason.",
)
describe(
    LoadStage,
    "Stage of loading a model.",
    INSPECTING="Reading the file's header and estimating the memory.",
    SPAWNING="Starting the model's process.",
    READING_WEIGHTS="Reading the weights.",
    CREATING_CONTEXT="Allocating the context.",
    WARMING_UP="Generating the first tokens as a test.",
)
describe(
    FitVerdict,
    "Verdict of the estimate of a model's memory.",
    FITS="The model fits.",
    TIGHT="The model fits with less than 256 MiB to spare.",
    DOES_NOT_FIT="The model does not fit.",
)


@strawberry.type(description="Reason why a model is not available.")
class ModelError:
    code: ErrorCode = strawberry.field(description="Machine-readable reason.")
    message: str = strawberry.field(description="Human-readable reason in English.")
    hint: str | None = strawberry.field(description="Suggested remedy in English; null if there is none.")


@strawberry.type(description="Estimate of the memory that a model needs, and memory that is available.")
class MemoryFit:
    verdict: FitVerdict = strawberry.field(
        description="Verdict of the estimate. The parts of the model in main memory and in GPU memory are compared with "
        "the available memory separately, and the worse verdict is returned. In GPU memory, 640 MiB for CUDA "
        "itself are added to the model."
    )
    weights_bytes: BigInt = strawberry.field(description="Bytes needed for the weights.")
    kv_cache_bytes: BigInt = strawberry.field(description="Bytes needed for the KV cache.")
    compute_bytes: BigInt = strawberry.field(description="Bytes needed for compute buffers.")
    total_bytes: BigInt = strawberry.field(
        description="Bytes needed in total, in main memory and GPU memory together: the sum of `weightsBytes`, "
        "`kvCacheBytes` and `computeBytes`. The shares of both kinds of memory are not reported; `verdict` "
        "states whether they fit."
    )
    available_ram_bytes: BigInt = strawberry.field(
        description="Available main memory in bytes, including the memory of models that would be unloaded."
    )
    available_vram_bytes: BigInt | None = strawberry.field(
        description="Available GPU memory in bytes, including the memory of models that would be unloaded; null "
        "without a GPU that can be read."
    )
    suggestion: str | None = strawberry.field(
        description="Change with which the verdict would be FITS: fewer layers on the GPU, a shorter context or a "
        "smaller model. In English; null if `verdict` is FITS."
    )


@strawberry.type(description="A language model that generates answers.")
class Model(Node):
    record: strawberry.Private[ModelRecord]
    name: str = strawberry.field(description="Display name: the file name without its extension.")
    source: ModelSource = strawberry.field(description="Origin of the model.")
    repository: str | None = strawberry.field(
        description="Repository of the model on the Hugging Face Hub; null if it is not known. Always null at present."
    )
    architecture: str | None = strawberry.field(
        description="Architecture named in the file, such as `llama`; null if the file cannot be read."
    )
    parameter_count: BigInt | None = strawberry.field(
        description="Number of parameters; null if the file does not state it."
    )
    quantization: str | None = strawberry.field(
        description="Quantization of the weights, such as `Q4_K_M`; null if the file does not state it."
    )
    byte_size: BigInt | None = strawberry.field(
        description="Size of the file in bytes, all parts together; null if the file cannot be read."
    )
    trained_context_length: int | None = strawberry.field(
        description="Context length in tokens that the model was trained with; null if the file does not state it."
    )
    has_chat_template: bool | None = strawberry.field(
        description="True if the file has a chat template. False for a base model, which continues text instead of "
        "answering. Null if the file cannot be read."
    )
    status: ModelStatus = strawberry.field(description="State of the model.")
    stage: LoadStage | None = strawberry.field(description="Stage of loading; null unless `status` is LOADING.")
    progress: float = strawberry.field(
        description="Completed share of the current stage, 0 to 1: 1 for a READY model, and 0 for one that is UNLOADED, "
        "UNLOADING or FAILED."
    )
    error: ModelError | None = strawberry.field(
        description="Reason why the model is not available; null unless `status` is FAILED."
    )
    loaded_at: datetime | None = strawberry.field(
        description="Time at which the model became READY; null while it is not loaded."
    )
    load_settings: LoadSettings | None = strawberry.field(
        description="Load settings in effect, read back from the inference engine; null while the model is not loaded."
    )
    pending_load_settings: LoadSettings | None = strawberry.field(
        description="Load settings that the model will have after it is loaded again. Null if they equal "
        "`loadSettings`, or if the model is not loaded."
    )
    sampling: SamplingSettings = strawberry.field(
        description="Sampling settings of the model, inherited by sessions that do not set their own."
    )
    is_default: bool = strawberry.field(description="True if sessions use this model by default.")

    @classmethod
    def from_record(cls, record: ModelRecord) -> "Model":
        facts = record.facts or NO_FACTS
        return from_record(
            cls,
            record,
            record=record,
            id=global_ids.MODEL.encode(record.id),
            repository=None,
            architecture=facts.architecture,
            parameter_count=facts.parameter_count,
            quantization=facts.quantization,
            byte_size=facts.byte_size if record.facts else None,
            trained_context_length=facts.trained_context_length,
            has_chat_template=facts.has_chat_template,
        )

    @strawberry.field(
        description="Path of the file on the server; null for a remote model, and for viewers other than administrators."
    )
    def path(self, info: Info) -> str | None:
        return str(self.record.path) if info.context.scope.is_admin else None

    @strawberry.field(description="Provider that runs the model.")
    def provider(self) -> ProviderRef:
        return providers.local_provider()

    @strawberry.field(
        description="Settings that the model accepts, with their ranges and values, for building a settings form."
    )
    def parameters(self, info: Info) -> list[ModelParameter]:
        parameters = models.list_parameters(info.context, self.record)
        return [from_record(ModelParameter, each, name=graphql_name(each.name)) for each in parameters]

    @strawberry.field(
        description="Estimate of the model's memory, made without loading it. Null if the file cannot be read, or if "
        "the model does not accept the settings.",
        graphql_type=MemoryFit | None,
    )
    async def fit(
        self,
        info: Info,
        settings: Annotated[
            LoadSettingsInput | None,
            strawberry.argument(
                description="Load settings to assume; omitted settings have the values of the next load."
            ),
        ] = UNSET,
    ) -> records.MemoryFit | None:
        return await models.estimate_fit(info.context, self.record, provided_fields(settings) if settings else {})


NO_FACTS = records.ModelFacts(None, None, None, 0, None, None)


@strawberry.type(description="A change of a model.")
class ModelEvent:
    change: ChangeKind = strawberry.field(description="Kind of change.")
    model_id: strawberry.ID | None = strawberry.field(description="Id of the model; null for SNAPSHOT_END only.")
    model: Model | None = strawberry.field(
        description="State of the model after the change; null for REMOVED and SNAPSHOT_END."
    )
    source_event: strawberry.Private[Change[ModelRecord]]

    @classmethod
    def from_change(cls, change: Change[ModelRecord]) -> "ModelEvent":
        key = None if change.key is None else ModelId(str(change.key))
        return cls(
            change=change.kind,
            model_id=global_ids.MODEL.encode_optional(key),
            model=None if change.record is None else Model.from_record(change.record),
            source_event=change,
        )
