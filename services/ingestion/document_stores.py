"""The two views of the documents that ingestion uses."""

from dataclasses import dataclass

from services.interfaces.document_store import DocumentStore
from services.interfaces.ingestion_store import IngestionStore


@dataclass(frozen=True, slots=True)
class DocumentStores:
    """The documents of a request's scope, and all documents for the jobs of the server."""

    requested: DocumentStore
    ingested: IngestionStore
