"""Settings of a model: values for loading and sampling, and the description of every setting that a model accepts."""

import strawberry
from strawberry.scalars import JSON

from records.model import ParameterKind, ParameterScope, SettingApplies
from schema.common.enums import describe

describe(
    ParameterKind,
    "Type of a setting's value.",
    INTEGER="A whole number.",
    FLOAT="A number.",
    BOOLEAN="True or false.",
    STRING="A string.",
    STRING_LIST="A list of strings.",
    ENUM="One of `ModelParameter.options`.",
)
describe(
    ParameterScope,
    "Input that a setting belongs to.",
    LOAD="`LoadSettingsInput`: settings of loading.",
    SAMPLING="`SamplingInput`: settings of sampling tokens.",
)
describe(
    SettingApplies,
    "Time at which a changed setting takes effect.",
    AT_ONCE="At once, for the next answers.",
    REBUILDS_CONTEXT="At once: the server rebuilds the model's context, which empties the KV cache. The weights stay "
    "in memory. Exception: while answers use the model, a shorter context takes effect only when the model is loaded "
    "again.",
    RELOADS_MODEL="When the model is loaded again.",
)


@strawberry.type(
    description="Load settings of a model. `Model.loadSettings` has those in effect, as the inference engine reports "
    "them. `Model.pendingLoadSettings` has those of the next load."
)
class LoadSettings:
    context_length: int = strawberry.field(
        description="Size of the context window in tokens. In `loadSettings`, it is rounded up to a multiple of 256. "
        "The KV cache has the same size, and parallel answers share it."
    )
    gpu_layers: int = strawberry.field(description="Number of layers requested for the GPU; -1 requests all of them.")
    threads: int = strawberry.field(description="Number of CPU threads for computation.")
    batch_size: int = strawberry.field(
        description="Maximum number of tokens in one batch, which one call of `llama_decode` processes: tokens of "
        "model inputs, and one token for each answer that is being decoded."
    )
    parallel_sequences: int = strawberry.field(description="Maximum number of answers that are generated in parallel.")
    flash_attention: bool = strawberry.field(
        description="True if attention is computed with flash attention, which needs less memory."
    )
    key_cache_type: str = strawberry.field(description="Data type of the keys in the KV cache, such as `f16`.")
    value_cache_type: str = strawberry.field(description="Data type of the values in the KV cache, such as `f16`.")
    use_mmap: bool = strawberry.field(description="True if the file is memory-mapped instead of read.")
    use_mlock: bool = strawberry.field(
        description="True if the weights are locked in memory, so that they cannot be swapped out."
    )
    offloaded_layers: int = strawberry.field(
        description="Number of layers that run on the GPU. In `pendingLoadSettings`, it is the present number, "
        "because the number after the next load is not known yet."
    )
    device: str = strawberry.field(
        description="Name of the device that the model runs on, such as `CPU` or `CUDA0`. In `pendingLoadSettings`, "
        "it is the present device, because the device after the next load is not known yet."
    )


@strawberry.type(
    description="Sampling settings. In `Session.settings`, a null setting is inherited. In all other places, null"
    " means that the setting is not set and has no default: this can be so for `seed`, `stop` and "
    "`extra`, and for all settings in `Session.effectiveSettings` if there is no model. "
    "`Model.parameters` has the ranges of a model."
)
class SamplingSettings:
    max_tokens: int | None = strawberry.field(description="Maximum number of tokens of an answer, 1 and up.")
    temperature: float | None = strawberry.field(
        description="Randomness of sampling, 0 to 2; 0 always takes the most likely token."
    )
    top_p: float | None = strawberry.field(
        description="Sample from the most likely tokens whose probabilities add up to this value, 0 to 1."
    )
    top_k: int | None = strawberry.field(
        description="Sample from this number of most likely tokens, 0 to 1,000; 0 does not limit them."
    )
    min_p: float | None = strawberry.field(
        description="Discard tokens that are less likely than the most likely token times this value, 0 to 1."
    )
    repeat_penalty: float | None = strawberry.field(
        description="Divisor of the scores of recent tokens, 0.5 to 2; 1 has no effect."
    )
    presence_penalty: float | None = strawberry.field(
        description="Amount subtracted from the score of a token that has occurred, -2 to 2; 0 has no effect."
    )
    frequency_penalty: float | None = strawberry.field(
        description="Amount subtracted from the score of a token for each occurrence, -2 to 2; 0 has no effect."
    )
    seed: int | None = strawberry.field(
        description="Seed of the random number generator, 0 to 2,147,483,647; null if none is set. An answer without a "
        "seed uses 0 if `deterministic` is true, and a random seed otherwise."
    )
    stop: list[str] | None = strawberry.field(
        description="Strings at which the answer ends. The answer stops before the first one that the model generates, "
        "and does not contain it. At most 16 strings, each of 1 to 256 characters."
    )
    deterministic: bool | None = strawberry.field(
        description="True if the answer is generated apart from others and without reuse of the KV cache, so that "
        "equal model inputs and seeds give equal answers. Slows down parallel answers."
    )
    extra: JSON | None = strawberry.field(
        description="Provider-specific settings by their names in `Model.parameters`; null for local models."
    )


@strawberry.type(description="A setting that a model accepts, with its range and its value.")
class ModelParameter:
    name: str = strawberry.field(description="Name of the field in `LoadSettingsInput` or `SamplingInput`.")
    label: str = strawberry.field(description="Display name in English.")
    description: str = strawberry.field(description="Effect of the setting, in English.")
    kind: ParameterKind = strawberry.field(description="Type of the value.")
    minimum: float | None = strawberry.field(
        description="Smallest value that is accepted; null for a setting that is not a number."
    )
    maximum: float | None = strawberry.field(
        description="Largest value that is accepted; null for a setting that is not a number."
    )
    step: float | None = strawberry.field(
        description="Suggested distance between values of a slider; null for a setting that is not a number."
    )
    default: JSON | None = strawberry.field(description="Default value; null if there is none.")
    value: JSON | None = strawberry.field(
        description="Value in effect or, if the model is not loaded, the value that the next load will use. Null if the "
        "setting is not set."
    )
    options: list[str] | None = strawberry.field(description="Accepted values of an ENUM; null for other kinds.")
    scope: ParameterScope = strawberry.field(description="Input that the setting belongs to.")
    applies: SettingApplies = strawberry.field(description="Time at which a change takes effect.")
