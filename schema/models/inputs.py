"""The filter of models and the inputs of their mutations."""

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from records import filters
from records.model import ModelSource, ModelStatus
from schema.common import global_ids
from schema.common.mapping import or_none, tuple_or_none

LOCAL = "local"
"""Key of the only provider at present: this machine."""


@strawberry.input(
    description="Conditions on models; a model must match all of them. Omitted and null conditions match every model; "
    "an empty `source` or `status` matches none."
)
class ModelFilter:
    source: list[ModelSource] | None = strawberry.field(default=UNSET, description="Models with one of these origins.")
    status: list[ModelStatus] | None = strawberry.field(default=UNSET, description="Models in one of these states.")
    provider_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Models of this provider; none for an unknown id."
    )
    name_contains: str | None = strawberry.field(
        default=UNSET, description="Models whose name contains this text, ignoring case."
    )

    def to_record(self) -> filters.ModelFilter:
        provider = or_none(self.provider_id)
        is_local = provider is None or global_ids.PROVIDER.find_key(provider) == LOCAL
        return filters.ModelFilter(
            source=tuple_or_none(self.source) if is_local else (),
            status=tuple_or_none(self.status),
            name_contains=or_none(self.name_contains),
        )


@strawberry.input(
    description="Load settings to change; omitted settings keep their value. No setting may be null. "
    "`Model.parameters` has the ranges of a model."
)
class LoadSettingsInput:
    context_length: int | None = strawberry.field(
        default=UNSET,
        description="Size of the context window in tokens: 256 to `Model.trainedContextLength`, or to 131,072 if that"
        " is null.",
    )
    gpu_layers: int | None = strawberry.field(
        default=UNSET,
        description="Number of layers to run on the GPU: -1 (all layers), or 0 to the model's number of layers plus 1; "
        "the extra one is the output layer.",
    )
    threads: int | None = strawberry.field(
        default=UNSET, description="Number of CPU threads for computation: 1 to 512."
    )
    batch_size: int | None = strawberry.field(
        default=UNSET,
        description="Maximum number of tokens in one batch, which one call of `llama_decode` processes: 32 to 4,096.",
    )
    parallel_sequences: int | None = strawberry.field(
        default=UNSET, description="Maximum number of answers that are generated in parallel: 1 to 32."
    )
    flash_attention: bool | None = strawberry.field(
        default=UNSET, description="Compute attention with flash attention, which needs less memory."
    )
    key_cache_type: str | None = strawberry.field(
        default=UNSET,
        description="Data type of the keys in the KV cache: `f32`, `f16`, `bf16`, `q8_0`, `q5_1`, `q5_0`, `q4_1` or "
        "`q4_0`.",
    )
    value_cache_type: str | None = strawberry.field(
        default=UNSET,
        description="Data type of the values in the KV cache, as for `keyCacheType`. A quantized type (`q...`) "
        "requires `flashAttention`.",
    )
    use_mmap: bool | None = strawberry.field(default=UNSET, description="Memory-map the file instead of reading it.")
    use_mlock: bool | None = strawberry.field(
        default=UNSET, description="Lock the weights in memory, so that they cannot be swapped out."
    )


@strawberry.input(
    description="Sampling settings to change. Omitted settings keep their value. In `SessionSettingsInput` and "
    "`SendMessageInput`, null restores the inherited value. In `UpdateModelSettingsInput`, null "
    "restores the default, and removes the values of `seed` and `stop`, which have no default. "
    "`Model.parameters` has the ranges of a model."
)
class SamplingInput:
    max_tokens: int | None = strawberry.field(
        default=UNSET, description="Maximum number of tokens of an answer: 1 to the context length."
    )
    temperature: float | None = strawberry.field(
        default=UNSET, description="Randomness of sampling, 0 to 2; 0 always takes the most likely token."
    )
    top_p: float | None = strawberry.field(
        default=UNSET,
        description="Sample from the most likely tokens whose probabilities add up to this value, 0 to 1.",
    )
    top_k: int | None = strawberry.field(
        default=UNSET, description="Sample from this number of most likely tokens, 0 to 1,000; 0 does not limit them."
    )
    min_p: float | None = strawberry.field(
        default=UNSET,
        description="Discard tokens that are less likely than the most likely token times this value, 0 to 1.",
    )
    repeat_penalty: float | None = strawberry.field(
        default=UNSET, description="Divisor of the scores of recent tokens, 0.5 to 2; 1 has no effect."
    )
    presence_penalty: float | None = strawberry.field(
        default=UNSET,
        description="Amount subtracted from the score of a token that has occurred, -2 to 2; 0 has no effect.",
    )
    frequency_penalty: float | None = strawberry.field(
        default=UNSET,
        description="Amount subtracted from the score of a token for each occurrence, -2 to 2; 0 has no effect.",
    )
    seed: int | None = strawberry.field(
        default=UNSET,
        description="Seed of the random number generator, 0 to 2,147,483,647. An answer without a seed uses 0 if "
        "`deterministic` is true, and a random seed otherwise.",
    )
    stop: list[str] | None = strawberry.field(
        default=UNSET,
        description="Strings at which the answer ends. The answer stops before the first one that the model generates, "
        "and does not contain it. At most 16 strings, each of 1 to 256 characters.",
    )
    deterministic: bool | None = strawberry.field(
        default=UNSET,
        description="Generate the answer apart from others and without reuse of the KV cache, so that equal model "
        "inputs and seeds give equal answers. Slows down parallel answers.",
    )
    extra: JSON | None = strawberry.field(
        default=UNSET,
        description="Provider-specific settings by their names in `Model.parameters`. Local models accept none.",
    )


@strawberry.input(description="Input of `loadModel`.")
class LoadModelInput:
    model_id: strawberry.ID = strawberry.field(description="Id of the model.")
    settings: LoadSettingsInput | None = strawberry.field(
        default=UNSET,
        description="Load settings to change. Omitted settings keep their last value, or have the default if they "
        "were never set.",
    )
    make_default: bool | None = strawberry.field(
        default=UNSET,
        description="Make the model the default model of the server (`ServerSettings.defaultModelId`), which "
        "generates the answers of sessions that select no model. False by default: the default model "
        "stays the same, and sessions that use it cannot generate answers while another model is loaded.",
    )
    force: bool | None = strawberry.field(
        default=UNSET,
        description="Load the model even if the estimate is DOES_NOT_FIT. False by default.",
    )


@strawberry.input(description="Input of `unloadModel`.")
class UnloadModelInput:
    model_id: strawberry.ID = strawberry.field(description="Id of the model.")


@strawberry.input(description="Input of `updateModelSettings`. Omitted settings keep their value.")
class UpdateModelSettingsInput:
    model_id: strawberry.ID = strawberry.field(description="Id of the model.")
    load: LoadSettingsInput | None = strawberry.field(default=UNSET, description="Load settings to change.")
    sampling: SamplingInput | None = strawberry.field(default=UNSET, description="Sampling settings to change.")
    reload: bool | None = strawberry.field(
        default=UNSET,
        description="Load a READY model again if a changed load setting requires it and no answer uses the model. "
        "The mutation then returns when loading has ended. False by default: such a setting takes effect "
        "when the model is loaded the next time.",
    )


@strawberry.input(description="Input of `deleteModel`.")
class DeleteModelInput:
    model_id: strawberry.ID = strawberry.field(description="Id of the model.")
