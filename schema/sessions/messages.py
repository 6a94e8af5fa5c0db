"""Messages: prompts, answers and their citations."""

from datetime import datetime

import strawberry

from records.codes import ErrorCode
from records.errors import NotFound
from records.session import CitationRecord, MessageRating, MessageRecord, MessageRole, MessageStatus, ThinkingMode
from resolvers import models
from schema.common import global_ids
from schema.common.enums import describe
from schema.common.info import Info
from schema.common.mapping import from_record
from schema.common.references import ChunkRef, DocumentRef, MessageRef, SessionRef
from schema.common.types import Node
from schema.documents import chunks as chunk_types
from schema.documents import types as document_types
from schema.models.types import Model
from schema.sessions import types as session_types
from schema.sessions.generation import GenerationDetails

describe(
    MessageRole,
    "Author of a message.",
    USER="The user: the message is a prompt.",
    ASSISTANT="The model: the message is an answer.",
    SYSTEM="The server or its administrator: the message is an instruction. No message has this role at present.",
)
describe(
    MessageStatus,
    "Progress of a message. A prompt is always COMPLETED; an answer ends as COMPLETED, CANCELED or FAILED.",
    PENDING="Waiting for the model to be loaded, or for the inference engine.",
    RETRIEVING="Searching the documents for passages.",
    THINKING="The model is generating reasoning.",
    GENERATING="The model is generating the answer.",
    COMPLETED="Finished normally.",
    CANCELED="Generation was canceled; the text that was generated until then is kept.",
    FAILED="Generation failed; the text that was generated until then is kept, and `Message.error` has the reason.",
)
describe(
    MessageRating,
    "Rating of an answer.",
    UP="The answer was helpful.",
    DOWN="The answer was not helpful.",
)


@strawberry.type(description="Area on a page, in points from the top left corner of the page.")
class BoundingBox:
    page: int = strawberry.field(description="Page number, from 1.")
    left: float = strawberry.field(description="Left edge.")
    top: float = strawberry.field(description="Top edge.")
    right: float = strawberry.field(description="Right edge.")
    bottom: float = strawberry.field(description="Bottom edge.")


@strawberry.type(description="A passage, which is the text of a chunk, that was part of the prompt of an answer.")
class Citation:
    record: strawberry.Private[CitationRecord]
    marker: int = strawberry.field(description="Number of the passage, from 1; the answer refers to it as `[n]`.")
    document_name: str = strawberry.field(
        description="Name that the document had when the answer was generated; kept after the document is deleted."
    )
    quote: str = strawberry.field(description="Text of the passage, exactly as in the document.")
    page: int | None = strawberry.field(
        description="Page on which the passage starts, from 1; null for a document without pages."
    )
    score: float = strawberry.field(description="Score by which the passages were ranked; higher is better.")
    used: bool = strawberry.field(description="True if the answer refers to the passage by its marker.")
    start_offset: int | None = strawberry.field(
        description="Start of the quote in `Document.text`, in Unicode code points from 0. `quote` equals the text "
        "from `startOffset` to `endOffset`. Null if the position is not known."
    )
    end_offset: int | None = strawberry.field(
        description="End of the quote in `Document.text`, in Unicode code points, exclusive. Null if the position "
        "is not known."
    )
    bounding_box: BoundingBox | None = strawberry.field(
        description="Area of the passage on its page; null if the format has no page layout."
    )

    @classmethod
    def from_record(cls, record: CitationRecord) -> "Citation":
        return from_record(cls, record, record=record)

    @strawberry.field(description="Document that was cited; null if it was deleted.")
    async def document(self, info: Info) -> DocumentRef | None:
        if self.record.document_id is None:
            return None
        found = await info.context.loaders.documents.load(self.record.document_id)
        return None if found is None else document_types.Document.from_record(found)

    @strawberry.field(
        description="Chunk that was cited. Null if its document was deleted, or if the document was reprocessed and "
        "no chunk has the same text now."
    )
    async def chunk(self, info: Info) -> ChunkRef | None:
        if self.record.chunk_id is None:
            return None
        found = await info.context.loaders.chunks.load(self.record.chunk_id)
        return None if found is None else chunk_types.Chunk.from_record(found)


@strawberry.type(description="Reason why an answer failed.")
class MessageError:
    code: ErrorCode = strawberry.field(description="Machine-readable reason.")
    message: str = strawberry.field(description="Human-readable reason in English.")


@strawberry.type(description="A prompt or an answer.")
class Message(Node):
    record: strawberry.Private[MessageRecord]
    role: MessageRole = strawberry.field(description="Author of the message.")
    content: str = strawberry.field(
        description="Text of the message. While an answer is being generated, it ends at the last checkpoint; "
        "`messageEvents` delivers the text as it is generated."
    )
    reasoning: str | None = strawberry.field(
        description="Reasoning that the model generated before the answer; null if there is none."
    )
    status: MessageStatus = strawberry.field(description="Progress of the message.")
    error: MessageError | None = strawberry.field(description="Reason of the failure; null unless `status` is FAILED.")
    citations: list[Citation] = strawberry.field(
        description="Passages that were part of the answer's prompt, in the order of their markers `[1]`, `[2]`, ...; "
        "empty for a prompt."
    )
    model_name: str | None = strawberry.field(
        description="Name of the model that generates the answer, kept after the model is removed; null for a prompt."
    )
    thinking_mode: ThinkingMode | None = strawberry.field(
        description="Mode in which the answer is generated. A prompt has the mode of its answer. Null for a SYSTEM "
        "message."
    )
    generation: GenerationDetails | None = strawberry.field(
        description="Details of the generation of a COMPLETED answer; null for a prompt, and for an answer with any "
        "other status."
    )
    rating: MessageRating | None = strawberry.field(description="Rating of the answer; null if it is not rated.")
    created_at: datetime = strawberry.field(description="Time at which the prompt was sent; the same for its answer.")
    completed_at: datetime | None = strawberry.field(
        description="Time at which the message reached its final status; null while an answer is being generated."
    )

    @classmethod
    def from_record(cls, record: MessageRecord) -> "Message":
        citations = [Citation.from_record(citation) for citation in record.citations]
        return from_record(cls, record, record=record, id=global_ids.MESSAGE.encode(record.id), citations=citations)

    @strawberry.field(description="Session that the message belongs to.")
    async def session(self, info: Info) -> SessionRef:
        found = await info.context.loaders.sessions.load(self.record.session_id)
        if found is None:
            raise NotFound("session", self.record.session_id)
        return session_types.Session.from_record(found)

    @strawberry.field(
        description="Message that this one answers or follows; messages with the same parent are siblings. Null for "
        "the first prompt of a session."
    )
    async def parent(self, info: Info) -> MessageRef | None:
        if self.record.parent_id is None:
            return None
        found = await info.context.loaders.messages.load(self.record.parent_id)
        return None if found is None else Message.from_record(found)

    @strawberry.field(description="Model that generates the answer; null for a prompt, or if the model was removed.")
    def model(self, info: Info) -> Model | None:
        found = models.find_model(info.context, self.record.model_id)
        return None if found is None else Model.from_record(found)
