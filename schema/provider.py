"""Who runs models. As yet that is this machine alone."""

from datetime import datetime
from enum import Enum

import strawberry

from resolvers import models
from schema import ids
from schema.enums import describe
from schema.info import Info
from schema.model import Model
from schema.node import Node

LOCAL = "local"


class ProviderKind(Enum):
    LOCAL = "LOCAL"
    OPENAI_COMPATIBLE = "OPENAI_COMPATIBLE"
    OLLAMA = "OLLAMA"
    VLLM = "VLLM"
    INSTRUCTLAB = "INSTRUCTLAB"
    GEMINI = "GEMINI"
    ANTHROPIC = "ANTHROPIC"


class ProviderStatus(Enum):
    UNCHECKED = "UNCHECKED"
    REACHABLE = "REACHABLE"
    UNREACHABLE = "UNREACHABLE"
    REJECTED = "REJECTED"


describe(
    ProviderKind,
    "How a provider is spoken with.",
    LOCAL="This machine's own inference.",
    OPENAI_COMPATIBLE="A server that speaks OpenAI's protocol.",
    OLLAMA="An Ollama server.",
    VLLM="A vLLM server.",
    INSTRUCTLAB="An InstructLab server.",
    GEMINI="Google's Gemini.",
    ANTHROPIC="Anthropic's Claude.",
)
describe(
    ProviderStatus,
    "What was found when a provider was last reached for.",
    UNCHECKED="Nobody has tried yet.",
    REACHABLE="It answered.",
    UNREACHABLE="It did not answer.",
    REJECTED="It refused, for want of a right key as a rule.",
)


@strawberry.type(description="Who runs models.")
class Provider(Node):
    kind: ProviderKind = strawberry.field(description="How it is spoken with.")
    name: str = strawberry.field(description="What people call it.")
    base_url: str | None = strawberry.field(description="Its address; null for this machine.")
    has_api_key: bool = strawberry.field(description="Whether a key is stored; the key itself is never given back.")
    status: ProviderStatus = strawberry.field(description="What was found when it was last reached for.")
    checked_at: datetime | None = strawberry.field(description="When that was; null for this machine.")
    error: str | None = strawberry.field(description="Why it could not be reached.")

    @strawberry.field(description="The models that it runs.")
    async def models(self, info: Info) -> list[Model]:
        return [Model.of(record) for record in await models.list_models(info.context)]


def local_provider() -> Provider:
    return Provider(
        id=ids.PROVIDER.of(LOCAL),
        kind=ProviderKind.LOCAL,
        name="This machine",
        base_url=None,
        has_api_key=False,
        status=ProviderStatus.REACHABLE,
        checked_at=None,
        error=None,
    )
