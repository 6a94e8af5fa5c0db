"""The two views of the documents that ingestion uses."""

from dataclasses import dataclass

from services.interfaces.document_store import DocumentStore
from services.interfaces.ingestion_store import IngestionStore


@dataclass(frozen=True, slots=True)
class DocumentStores:
    """The stores of documents: `requested` for requests, limited by their scopes; `ingested` for jobs, without limit."""

    requested: DocumentStore
    ingested: IngestionStore
