"""Settings of the server and the limits of requests."""

import strawberry

from records import configuration as records
from resolvers.request_context import Context
from schema.common import global_ids
from schema.common.mapping import from_record
from schema.common.scalars import BigInt
from schema.sessions.answer_settings import SessionSettings


@strawberry.type(description="Limits of the chunks of a document.")
class ChunkingSettings:
    max_tokens: int = strawberry.field(
        description="Maximum number of tokens of a chunk, counted by the tokenizer of the light embedder "
        "(`ServerSettings.lightEmbedder`)."
    )
    overlap_tokens: int = strawberry.field(
        description="Number of tokens that a chunk repeats from the chunk before it."
    )


@strawberry.type(description="Settings that the server was started with, and the current default model.")
class ServerSettings:
    light_embedder: str = strawberry.field(
        description="Name of the light embedder: the embedding model that embeds every document during ingestion."
    )
    deep_embedder: str | None = strawberry.field(
        description="Name of the deep embedder: the slower and more accurate embedding model that embeds documents in "
        "the background. Null if none is configured."
    )
    idle_threshold_seconds: int = strawberry.field(
        description="Time in seconds that the machine must be idle before background indexing starts."
    )
    gpu_idle_percent: float = strawberry.field(
        description="Utilization in percent, 0 to 100, below which the GPU counts as idle. Without a GPU, the "
        "threshold applies to the utilization of the processor by other programs."
    )
    reranker: str | None = strawberry.field(
        description="Name of the reranker, which scores the best candidates of a search if `rerank` is set. Without a"
        " configured cross-encoder it is the light embedder, which compares the vectors of single tokens "
        "(late interaction). Never null at present."
    )
    default_model_id: strawberry.ID | None = strawberry.field(
        description="Id of the model that sessions use by default; null if the server has no model."
    )
    max_loaded_models: int = strawberry.field(
        description="Maximum number of models in memory at the same time; always 1 at present."
    )
    keep_originals: bool = strawberry.field(
        description="True if the original of a document is kept after the document is READY."
    )
    session_defaults: SessionSettings = strawberry.field(
        description="Settings that sessions inherit if they do not set their own. `modelId`, `minSimilarity` and "
        "`sampling` are null at present: no model is preset, no result is discarded, and the sampling "
        "settings are those of the model."
    )
    chunking: ChunkingSettings = strawberry.field(
        description="Limits of the chunks of documents that do not set their own."
    )

    @classmethod
    def from_context(cls, context: Context) -> "ServerSettings":
        settings: records.ServerSettings = context.settings
        return from_record(
            cls,
            settings,
            default_model_id=global_ids.MODEL.encode_optional(context.models.default_id()),
            session_defaults=SessionSettings.from_record(settings.session_defaults),
        )


@strawberry.type(
    description="Limits of requests. An operation that exceeds `maxDepth`, `maxListDepth`, `maxTokens`, "
    "`maxAliases`, `maxRootFields`, `maxFields`, `maxDirectives` or `maxCost` is rejected before it is executed."
)
class Limits:
    max_depth: int = strawberry.field(description="Maximum nesting depth of fields.")
    max_list_depth: int = strawberry.field(description="Maximum nesting depth of lists.")
    max_tokens: int = strawberry.field(description="Maximum number of lexical tokens in the GraphQL text of a request.")
    max_aliases: int = strawberry.field(description="Maximum number of aliases.")
    max_root_fields: int = strawberry.field(description="Maximum number of root fields of an operation.")
    max_fields: int = strawberry.field(description="Maximum number of fields, with fragments expanded.")
    max_directives: int = strawberry.field(description="Maximum number of directives.")
    max_errors: int = strawberry.field(description="Maximum number of errors in a response; more are left out.")
    max_cost: int = strawberry.field(
        description="Maximum cost of an operation: its number of fields, where a field inside a list counts once for each "
        "item that the list may have."
    )
    max_page_size: int = strawberry.field(description="Maximum number of items of a page; larger sizes are clamped.")
    max_upload_bytes: BigInt = strawberry.field(description="Maximum size of an uploaded file in bytes.")
    max_request_bytes: BigInt = strawberry.field(description="Maximum size of a request in bytes, without files.")
    max_subscriptions_per_connection: int = strawberry.field(
        description="Maximum number of simultaneous operations of a WebSocket connection: subscriptions, queries and "
        "mutations together."
    )
