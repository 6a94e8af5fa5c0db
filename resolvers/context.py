"""What every resolver is handed: the stores, the engines, the settings, and loaders that live for one operation."""

from dataclasses import dataclass, field

from engines.stores import ChunkStore, DocumentStore, MessageStore, Originals, SessionStore
from records.settings import Limits, ServerSettings
from resolvers.faces import (
    Answers,
    Arrivals,
    DocumentFeed,
    Ingestion,
    Metrics,
    Models,
    Retriever,
    SessionChanges,
)
from resolvers.loaders import Loaders


@dataclass(frozen=True)
class Context:
    """Make a new one for each operation (`dataclasses.replace(context)` will do): loaders remember what they loaded."""

    documents: DocumentStore
    chunks: ChunkStore
    sessions: SessionStore
    messages: MessageStore
    originals: Originals
    arrivals: Arrivals
    ingestion: Ingestion
    document_feed: DocumentFeed
    retriever: Retriever
    answers: Answers
    session_changes: SessionChanges
    models: Models
    metrics: Metrics
    settings: ServerSettings
    limits: Limits
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        loaders = Loaders(self.documents, self.chunks, self.sessions, self.messages)
        object.__setattr__(self, "loaders", loaders)
