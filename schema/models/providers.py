"""Providers of models. At present, this machine is the only one."""

from datetime import datetime
from enum import Enum

import strawberry

from resolvers import models
from schema.common import global_ids
from schema.common.enums import describe
from schema.common.info import Info
from schema.common.references import ModelRef
from schema.common.types import Node
from schema.models import types as model_types
from schema.models.inputs import LOCAL


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
    "Kind of a provider: the protocol that it uses. Only LOCAL occurs at present.",
    LOCAL="The inference engine of this server.",
    OPENAI_COMPATIBLE="A server with an OpenAI-compatible API.",
    OLLAMA="An Ollama server.",
    VLLM="A vLLM server.",
    INSTRUCTLAB="An InstructLab server.",
    GEMINI="The Gemini API of Google.",
    ANTHROPIC="The API of Anthropic.",
)
describe(
    ProviderStatus,
    "Result of the last check of a provider.",
    UNCHECKED="The provider has not been checked.",
    REACHABLE="The provider answered.",
    UNREACHABLE="The provider did not answer.",
    REJECTED="The provider rejected the request, for example because of a wrong API key.",
)


@strawberry.type(description="A provider that runs models.")
class Provider(Node):
    kind: ProviderKind = strawberry.field(description="Kind of the provider.")
    name: str = strawberry.field(description="Display name.")
    base_url: str | None = strawberry.field(description="Base URL of the provider's API; null for LOCAL.")
    has_api_key: bool = strawberry.field(description="True if an API key is stored; the key itself is never returned.")
    status: ProviderStatus = strawberry.field(
        description="Result of the last check. Always REACHABLE for LOCAL, which is not checked."
    )
    checked_at: datetime | None = strawberry.field(
        description="Time of the last check; null for LOCAL, or if the provider was never checked."
    )
    error: str | None = strawberry.field(
        description="Reason why the last check failed, in English; null if it did not fail."
    )

    @strawberry.field(description="Models that the provider runs.")
    async def models(self, info: Info) -> list[ModelRef]:
        return [model_types.Model.from_record(record) for record in await models.list_models(info.context)]


def local_provider() -> Provider:
    return Provider(
        id=global_ids.PROVIDER.encode(LOCAL),
        kind=ProviderKind.LOCAL,
        name="This machine",
        base_url=None,
        has_api_key=False,
        status=ProviderStatus.REACHABLE,
        checked_at=None,
        error=None,
    )
