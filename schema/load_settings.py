"""How a model is loaded, as it is in force and as it is asked for."""

import strawberry
from strawberry import UNSET


@strawberry.type(description="How a model is loaded.")
class LoadSettings:
    context_length: int = strawberry.field(description="Tokens of the context window that one answer has.")
    gpu_layers: int = strawberry.field(description="Layers that were to go to the GPU.")
    threads: int = strawberry.field(description="Threads that calculate.")
    batch_size: int = strawberry.field(description="The most tokens that are read in one step.")
    parallel_sequences: int = strawberry.field(description="Answers that are made at the same time.")
    flash_attention: bool = strawberry.field(
        description="Whether attention is calculated in blocks, which saves memory."
    )
    key_cache_type: str = strawberry.field(description="How the cache's keys are packed.")
    value_cache_type: str = strawberry.field(description="How the cache's values are packed.")
    use_mmap: bool = strawberry.field(description="Whether the file is mapped instead of read.")
    use_mlock: bool = strawberry.field(description="Whether its memory is kept from being swapped out.")
    offloaded_layers: int = strawberry.field(description="Layers that really went to the GPU, and the device's name.")
    device: str = strawberry.field(description="What it runs on.")


@strawberry.input(description="How a model is to be loaded; what is left out stays as it is.")
class LoadSettingsInput:
    context_length: int | None = strawberry.field(
        default=UNSET, description="Tokens of the context window that one answer has."
    )
    gpu_layers: int | None = strawberry.field(default=UNSET, description="Layers that go to the GPU; -1 is all.")
    threads: int | None = strawberry.field(default=UNSET, description="Threads that calculate.")
    batch_size: int | None = strawberry.field(default=UNSET, description="The most tokens that are read in one step.")
    parallel_sequences: int | None = strawberry.field(
        default=UNSET, description="Answers that are made at the same time."
    )
    flash_attention: bool | None = strawberry.field(
        default=UNSET, description="Whether attention is calculated in blocks, which saves memory."
    )
    key_cache_type: str | None = strawberry.field(default=UNSET, description="How the cache's keys are packed.")
    value_cache_type: str | None = strawberry.field(default=UNSET, description="How the cache's values are packed.")
    use_mmap: bool | None = strawberry.field(default=UNSET, description="Whether the file is mapped instead of read.")
    use_mlock: bool | None = strawberry.field(
        default=UNSET, description="Whether its memory is kept from being swapped out."
    )
