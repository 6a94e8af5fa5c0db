"""What every resolver is handed: the stores, the engines, the settings, and the loaders that read from the stores."""

from collections.abc import Callable
from dataclasses import dataclass, field

from records.settings import Limits, ServerSettings
from resolvers.interfaces import (
    Answers,
    DeepVectors,
    DocumentEvents,
    Indexing,
    Ingestion,
    Intake,
    Metrics,
    Models,
    Retriever,
    SessionChanges,
)
from resolvers.loaders import Loaders
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.message_store import MessageStore
from services.interfaces.original_files import Originals
from services.interfaces.session_store import SessionStore


@dataclass(frozen=True)
class Context:
    """One for each operation (`dataclasses.replace(context)` makes another), so that loads are gathered within it alone."""

    documents: DocumentStore
    chunks: ChunkStore
    sessions: SessionStore
    messages: MessageStore
    originals: Originals
    arrivals: Intake
    ingestion: Ingestion
    document_feed: DocumentEvents
    retriever: Retriever
    answers: Answers
    session_changes: SessionChanges
    models: Models
    metrics: Metrics
    indexing: Indexing
    settings: ServerSettings
    limits: Limits
    deep_vectors: DeepVectors | None = None
    sign_link: Callable[[str], str] = str
    "Makes a path one that opens for a while without the access token."
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        loaders = Loaders(self.documents, self.chunks, self.sessions, self.messages, self.deep_vectors)
        object.__setattr__(self, "loaders", loaders)
