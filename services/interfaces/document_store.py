"""Interface of the store of documents, implemented by `persistence/documents/documents.py`."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from records.access import AccessScope, AnyScope
from records.document import (
    DocumentChanges,
    DocumentRecord,
    HeadingRecord,
    NewDocument,
)
from records.filters import DocumentFilter, Order
from records.ids import DocumentId
from records.page import Page, PageRequest
from records.retrieval import SearchedDocuments


class DocumentStore(Protocol):
    """Documents, their text and their headings, as requests read and change them.

    Each method takes into account only documents within `scope`. Any other id counts as unknown. A document in DELETING
    keeps this status until it is erased.
    """

    async def add(self, scope: AccessScope, new: NewDocument) -> tuple[DocumentRecord, bool]:
        """Store a document that the user of the scope owns, or the collection that `new` names. Return it, and False.

        If the owner has a document with the same bytes (`sha256`), return that, and True.

        The size of a new document is added to the usage of the user.

        An existing document is not changed. A document that is being deleted does not count as existing. Raises `NotFound`
        for an unknown collection, and `Forbidden` without the level WRITE in it.
        """
        ...

    async def is_stored(self, scope: AccessScope, new: NewDocument) -> bool:
        """Return whether the owner of a new document has one with the same bytes, which `add` would return.

        Raises what `add` raises for a collection.
        """
        ...

    async def require(self, scope: AnyScope, document_ids: Sequence[DocumentId]) -> None:
        """Raise `NotFound` for the first id that the scope does not include or whose document is being deleted."""
        ...

    async def get(self, scope: AnyScope, document_id: DocumentId) -> DocumentRecord:
        """Return a document. Raises `NotFound` for an unknown id."""
        ...

    async def find(self, scope: AnyScope, document_id: DocumentId) -> DocumentRecord | None:
        """Return a document, or None if it is unknown."""
        ...

    async def find_many(
        self, scope: AnyScope, document_ids: Sequence[DocumentId]
    ) -> Mapping[DocumentId, DocumentRecord]:
        """Return the documents that are known, by id."""
        ...

    async def page(
        self, scope: AnyScope, filter: DocumentFilter, order: Order, request: PageRequest
    ) -> Page[DocumentRecord]:
        """Return a page of the scope's documents that match a filter."""
        ...

    async def count(self, scope: AnyScope, filter: DocumentFilter) -> int:
        """Return the number of the scope's documents that match a filter."""
        ...

    async def update(self, scope: AnyScope, document_id: DocumentId, changes: DocumentChanges) -> DocumentRecord:
        """Change fields and return the document. Raises `NotFound`, and `Forbidden` if the user may only read it."""
        ...

    async def text(self, scope: AnyScope, document_id: DocumentId, offset: int, length: int) -> str:
        """Return at most `length` code points of a document's text, starting at `offset` (from 0).

        The text is empty at or past the end, and for a document that is unknown or not parsed yet.
        """
        ...

    async def outline(self, scope: AnyScope, document_id: DocumentId) -> tuple[HeadingRecord, ...]:
        """Return the headings of a document in their order."""
        ...

    async def resolve_scope(
        self, scope: AnyScope, searched: SearchedDocuments | None, tags: Sequence[str] | None
    ) -> tuple[DocumentId, ...] | None:
        """Return the searchable documents in the scope that are among those to be searched and have all `tags`.

        None or no tags do not restrict the result. Returns None if a search may include every document of the server, so
        that it needs no list of ids, and an empty tuple if no searchable document is left.

        Raises `NotFound` for an unknown document or collection.
        """
        ...

    async def require_changeable(self, scope: AnyScope, document_id: DocumentId) -> None:
        """Raise `NotFound` for an unknown id, and `Forbidden` if the user may only read the document."""
        ...

    async def mark_deleting(self, scope: AnyScope, document_id: DocumentId) -> DocumentRecord:
        """Set the status DELETING. No search finds anything of the document after this.

        Raises `NotFound` for an unknown id.
        """
        ...
