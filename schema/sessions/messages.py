"""Messages: prompts, answers and their citations."""

from datetime import datetime

import strawberry

from records.codes import ErrorCode
from records.errors import NotFound
from records.session import CitationRecord, MessageRating, MessageRecord, MessageRole, MessageStatus, ThinkingMode
from resolvers import messages, models
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
    PENDING="The answer is stored, and waits for its model if that is being loaded.",
    RETRIEVING="The documents are searched for passages, from which the model input is made.",
    THINKING="A model that does not reason by itself generates reasoning, apart from the answer and before it "
    "(modes COT and HYBRID). Includes the wait in the inference engine's queue.",
    GENERATING="The model generates the answer, with its reasoning if it reasons by itself. Includes the wait in"
    " the inference engine's queue, and prefill.",
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


@strawberry.type(description="A passage in the model input of an answer: the text of a chunk of a document.")
class Citation:
    record: strawberry.Private[CitationRecord]
    marker: int = strawberry.field(description="Number of the passage, from 1; the answer refers to it as `[n]`.")
    document_name: str = strawberry.field(
        description="Name that the document had when the answer was generated; kept after the document is deleted."
    )
    quote: str = strawberry.field(
        description="Text of the passage, exactly as it was in `Document.text` when the answer was generated."
    )
    page: int | None = strawberry.field(
        description="Page on which the passage starts, from 1; null for a document without pages."
    )
    score: float = strawberry.field(
        description="Score by which the passages of this answer were ranked, 0 or more; higher is better. Scores of "
        "different answers are not comparable."
    )
    used: bool = strawberry.field(
        description="True if the answer refers to the passage by its marker. False while the answer is being "
        "generated, and for one that is CANCELED or FAILED."
    )
    start_offset: int | None = strawberry.field(
        description="Start of the quote in the present `Document.text`, in Unicode code points from 0. `quote` "
        "equals the text from `startOffset` to `endOffset`. Null if no chunk has the text of the quote "
        "now: the document was deleted, its text was removed, or another text replaced it. "
        "`reprocessDocument` removes the text and extracts it again; an update of the server's parsers "
        "can replace it in the background."
    )
    end_offset: int | None = strawberry.field(
        description="End of the quote in the present `Document.text`, in Unicode code points, exclusive. Null if "
        "`startOffset` is null."
    )
    bounding_box: BoundingBox | None = strawberry.field(
        description="Area of the passage on the page where it starts. Null if the position of the text is not known, "
        "as in all formats other than PDF and images, or if `startOffset` is null."
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
        description="Chunk that has the text of the quote: the chunk that was cited, or the one that has the same "
        "text after `reprocessDocument` or an update of the server's parsers. Null if there is none, or "
        "if the document was deleted or is not searchable now."
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


@strawberry.type(
    description="A prompt, which is a message of the user, or an answer, which a model generates for it. The "
    "model generates the answer from its model input: instructions, earlier messages, passages of "
    "documents and the prompt."
)
class Message(Node):
    record: strawberry.Private[MessageRecord]
    role: MessageRole = strawberry.field(description="Author of the message.")
    content: str = strawberry.field(
        description="Text of the message. The text of an answer that is being generated is stored about every 0.1 "
        "seconds; this is the text that was stored last. `messageEvents` delivers the text as it is "
        "generated."
    )
    reasoning: str | None = strawberry.field(
        description="Reasoning that the model generated before the answer, stored like `content`; null if there is "
        "none."
    )
    status: MessageStatus = strawberry.field(description="Progress of the message.")
    error: MessageError | None = strawberry.field(description="Reason of the failure; null unless `status` is FAILED.")
    citations: list[Citation] = strawberry.field(
        description="Passages that were part of the answer's model input, in the order of their markers `[1]`, `[2]`,"
        " ...; empty for a prompt."
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
    rating: MessageRating | None = strawberry.field(
        description="Rating of the answer; null if it is not rated, and for a prompt."
    )
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
        description="Message before this one: for an answer its prompt, for a prompt the answer before it. Null for "
        "the first prompt of a session."
    )
    async def parent(self, info: Info) -> MessageRef | None:
        if self.record.parent_id is None:
            return None
        found = await info.context.loaders.messages.load(self.record.parent_id)
        return None if found is None else Message.from_record(found)

    @strawberry.field(
        description="Messages with the same parent and author, this one included, oldest first: the answers of a prompt, or "
        "the versions of a prompt that was edited."
    )
    async def siblings(self, info: Info) -> list[MessageRef]:
        found = await messages.list_siblings(info.context, self.record)
        return [Message.from_record(record) for record in found]

    @strawberry.field(description="Model that generates the answer; null for a prompt, or if the model was removed.")
    def model(self, info: Info) -> Model | None:
        found = models.find_model(info.context, self.record.model_id)
        return None if found is None else Model.from_record(found)
