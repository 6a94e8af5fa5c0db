"""What the server was started with, and the bounds that requests are held to."""

import strawberry

from records import settings as records
from resolvers.request_context import Context
from schema import ids
from schema.mapping import made_from
from schema.scalars import BigInt
from schema.session_settings import SessionSettings


@strawberry.type(description="Bounds of a chunk.")
class ChunkingSettings:
    max_tokens: int = strawberry.field(description="Upper bound of a chunk in tokens of the light embedder.")
    overlap_tokens: int = strawberry.field(description="Tokens that a chunk shares with the one in front of it.")


@strawberry.type(description="What the server works with.")
class ServerSettings:
    light_embedder: str = strawberry.field(description="The model that every document is embedded with.")
    deep_embedder: str | None = strawberry.field(
        description="The model that embeds in the background; null where none is set."
    )
    idle_threshold_seconds: int = strawberry.field(description="How long the machine must be idle before it begins.")
    gpu_idle_percent: float = strawberry.field(
        description="What an idle GPU is used less than; without a GPU, the processor by other programs."
    )
    reranker: str | None = strawberry.field(description="What makes the third ranking where `rerank` asks for it.")
    default_model_id: strawberry.ID | None = strawberry.field(
        description="The model that answers where a session names no other."
    )
    max_loaded_models: int = strawberry.field(description="Models that may be in memory at the same time.")
    keep_originals: bool = strawberry.field(description="Whether documents' files are kept once they are READY.")
    session_defaults: SessionSettings = strawberry.field(description="What sessions inherit.")
    chunking: ChunkingSettings = strawberry.field(description="How documents are cut unless they say otherwise.")

    @classmethod
    def of(cls, context: Context) -> "ServerSettings":
        settings: records.ServerSettings = context.settings
        return made_from(
            cls,
            settings,
            default_model_id=ids.MODEL.maybe(context.models.default_id()),
            session_defaults=SessionSettings.of(settings.session_defaults),
        )


@strawberry.type(description="The bounds that a request is held to.")
class Limits:
    max_depth: int = strawberry.field(description="Levels of selections within each other.")
    max_list_depth: int = strawberry.field(description="Lists within each other.")
    max_tokens: int = strawberry.field(description="Tokens of a request's text.")
    max_aliases: int = strawberry.field(description="Aliases.")
    max_root_fields: int = strawberry.field(description="Fields of the operation's root.")
    max_fields: int = strawberry.field(description="Fields, fragments spread out.")
    max_directives: int = strawberry.field(description="Directives.")
    max_errors: int = strawberry.field(description="Errors that an answer lists.")
    max_cost: int = strawberry.field(description="Cost, where pages count as often as they have items.")
    max_page_size: int = strawberry.field(description="Items of a page.")
    max_upload_bytes: BigInt = strawberry.field(description="Bytes of an uploaded file.")
    max_request_bytes: BigInt = strawberry.field(description="Bytes of a request without files.")
    max_subscriptions_per_connection: int = strawberry.field(
        description="Operations that one connection may hold open."
    )
