"""Settings of the answers of a session."""

import strawberry

from records import session as records
from records.session import DocumentScope, ThinkingMode
from schema.common import global_ids
from schema.common.enums import describe
from schema.common.mapping import from_record
from schema.models.settings_types import SamplingSettings

describe(
    ThinkingMode,
    "Mode in which an answer is generated. Every retrieval for an answer uses `SearchMode.HYBRID`.",
    DIRECT="Answer from the model and the conversation.",
    COT="Chain of thought: generate reasoning first, step by step. It is stored apart from the answer, in"
    " `Message.reasoning`.",
    RAG="Retrieval-augmented generation: retrieve passages from the documents and answer from them.",
    HYBRID="RAG and COT combined: retrieve passages, generate reasoning about them, then answer.",
)
describe(
    DocumentScope,
    "Documents that are searched for an answer.",
    ATTACHED="The documents that are attached to the session.",
    COLLECTIONS="The documents of the session's collections, and the documents that are attached to the session.",
    ALL="All documents that the viewer may read.",
)


@strawberry.type(
    description="Settings of the answers of a session. In `Session.settings`, null means that a setting is "
    "inherited: from the collections of the session, of which the first that sets a value counts; then `sampling` from "
    "`Model.sampling`, and all others from `ServerSettings.sessionDefaults`. "
    "`Session.effectiveSettings` has the resulting values."
)
class SessionSettings:
    model_id: strawberry.ID | None = strawberry.field(
        description="Id of the model that generates the answers. If neither the session nor "
        "`ServerSettings.sessionDefaults` sets one, the default model (`ServerSettings.defaultModelId`) "
        "is used. In `Session.effectiveSettings`, null means that the server has no model."
    )
    system_prompt: str | None = strawberry.field(
        description="Instructions in the system message of every model input, at most 20,000 characters. If the "
        "model input has passages, instructions for passages are added; they also replace the default "
        "instructions of the server. An empty string means no instructions: a model input without "
        "passages then has no system message."
    )
    thinking_mode: ThinkingMode | None = strawberry.field(description="Mode in which answers are generated.")
    document_scope: DocumentScope | None = strawberry.field(
        description="Documents that are searched: by default COLLECTIONS for a session with collections, "
        "otherwise ATTACHED. "
        "If no document is attached, ATTACHED searches none."
    )
    top_k: int | None = strawberry.field(description="Maximum number of passages in a model input, 1 to 100.")
    min_similarity: float | None = strawberry.field(
        description="Cosine similarity with the light embedder (`ServerSettings.lightEmbedder`), 0 to 1, below which "
        "results of semantic search are discarded. If it is set, the deep embedder is not used. In effective "
        "settings, null means that nothing is discarded."
    )
    rerank: bool | None = strawberry.field(
        description="True if the 30 best candidates are scored with the reranker (`ServerSettings.reranker`), whose "
        "ranking is fused with the others."
    )
    history_pairs: int | None = strawberry.field(
        description="Maximum number of earlier prompts in a model input, each with its COMPLETED answer: 0 to 1,000."
    )
    sampling: SamplingSettings | None = strawberry.field(description="Sampling settings of the answers.")

    @classmethod
    def from_record(cls, record: records.SessionSettings) -> "SessionSettings":
        return from_record(cls, record, model_id=global_ids.MODEL.encode_optional(record.model_id))
