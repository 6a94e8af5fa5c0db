"""The context of one GraphQL operation: access scope, stores, services, settings and data loaders."""

from collections.abc import Callable
from dataclasses import dataclass, field

from records.access import AccessScope, Exchange, Viewer
from records.configuration import Limits, ServerSettings
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
from services.access import Access
from services.collections import CollectionServices
from services.erasure import Erasure
from services.interfaces.chunk_store import ChunkStore
from services.interfaces.document_store import DocumentStore
from services.interfaces.message_store import MessageStore
from services.interfaces.original_files import Originals
from services.interfaces.session_store import SessionStore
from services.interfaces.statistics_store import StatisticsStore
from services.usage import Usage


@dataclass(frozen=True)
class Context:
    """The dependencies of resolvers. Create one for each operation: its loaders batch reads.

    `scope` is what the viewer may read and change. Resolvers pass it to every store and service.
    """

    viewer: Viewer
    exchange: Exchange
    access: Access
    collections: CollectionServices
    erasure: Erasure
    documents: DocumentStore
    chunks: ChunkStore
    sessions: SessionStore
    messages: MessageStore
    originals: Originals
    intake: Intake
    ingestion: Ingestion
    document_events: DocumentEvents
    retriever: Retriever
    answers: Answers
    session_changes: SessionChanges
    models: Models
    metrics: Metrics
    indexing: Indexing
    usage: Usage
    statistics: StatisticsStore
    settings: ServerSettings
    limits: Limits
    deep_vectors: DeepVectors | None = None
    "None if no deep embedder is configured."
    sign_link: Callable[[str], str] = str
    "Return a path with a signature for the viewer that replaces other credentials for a limited time."
    loaders: Loaders = field(init=False)

    @property
    def scope(self) -> AccessScope:
        return self.viewer.scope

    def __post_init__(self) -> None:
        loaders = Loaders(
            self.scope, self.documents, self.chunks, self.sessions, self.messages, self.access.stores.users,
            self.collections.stores, self.deep_vectors,
        )  # fmt: skip
        object.__setattr__(self, "loaders", loaders)
