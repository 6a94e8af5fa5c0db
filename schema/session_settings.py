"""What a session's answers are made with."""

import strawberry

from records import session as records
from records.session import DocumentScope, ThinkingMode
from schema import ids
from schema.enums import describe
from schema.mapping import made_from
from schema.sampling import SamplingSettings

describe(
    ThinkingMode,
    "How an answer comes about.",
    DIRECT="Answer straight from the model and the conversation.",
    COT="Think step by step first; the steps are kept apart from the answer.",
    RAG="Answer from the retrieved passages.",
    HYBRID="Retrieve, think over the passages, then answer.",
)
describe(
    DocumentScope,
    "Which documents a session's prompts are searched in.",
    ATTACHED="Those that are attached to the session.",
    ALL="All that there are.",
)


@strawberry.type(description="What answers are made with; null is inherited from the model, else from the server.")
class SessionSettings:
    model_id: strawberry.ID | None = strawberry.field(description="The model that answers.")
    system_prompt: str | None = strawberry.field(description="Instructions that stand in front of every prompt.")
    thinking_mode: ThinkingMode | None = strawberry.field(description="How answers come about.")
    document_scope: DocumentScope | None = strawberry.field(
        description="Which documents are searched; ATTACHED (the default) searches none where none is attached."
    )
    top_k: int | None = strawberry.field(description="How many passages an answer is given, 1 to 100.")
    min_similarity: float | None = strawberry.field(
        description="Cosine similarity below which passages found by meaning are dropped, 0 to 1."
    )
    rerank: bool | None = strawberry.field(description="Whether the best candidates are reordered.")
    history_pairs: int | None = strawberry.field(
        description="Pairs of prompt and answer that are given back word for word."
    )
    sampling: SamplingSettings | None = strawberry.field(description="How the model draws its tokens.")

    @classmethod
    def of(cls, record: records.SessionSettings) -> "SessionSettings":
        return made_from(cls, record, model_id=ids.MODEL.maybe(record.model_id))
