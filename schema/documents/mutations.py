"""Mutations of documents and their results."""

from typing import Annotated

import strawberry

from resolvers import documents
from schema.common import global_ids
from schema.common.errors import (
    BusyError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    TooLargeError,
    UnsupportedError,
)
from schema.common.info import Info
from schema.common.mapping import from_record, or_none, provided_fields
from schema.common.types import EraseReceipt
from schema.documents.inputs import (
    CancelIngestionInput,
    DeleteDocumentInput,
    ImportDocumentInput,
    ReprocessDocumentInput,
    UpdateDocumentInput,
    UploadDocumentInput,
    new_document_fields,
)
from schema.documents.types import Document


@strawberry.type(description="The file is stored as a document, now or by an earlier upload (`duplicate`).")
class UploadDocumentSuccess:
    document: Document = strawberry.field(description="The document; `documentEvents` reports its ingestion.")
    duplicate: bool = strawberry.field(
        description=(
            "True if a document with the same bytes existed. It is returned with its own name, tags and "
            "metadata; those of the input are ignored. If its ingestion had failed or was canceled, it "
            "starts again."
        )
    )


@strawberry.type(description="The document is stored, now or by an earlier import or upload (`duplicate`).")
class ImportDocumentSuccess:
    document: Document = strawberry.field(description="The document; `documentEvents` reports its ingestion.")
    duplicate: bool = strawberry.field(
        description=(
            "True if a document with the same bytes existed. It is returned with its own name, tags and "
            "metadata; those of the input are ignored. If its ingestion had failed or was canceled, it "
            "starts again."
        )
    )


@strawberry.type(description="The document was changed.")
class UpdateDocumentSuccess:
    document: Document = strawberry.field(description="The document after the change.")


@strawberry.type(description="The document is queued for ingestion.")
class ReprocessDocumentSuccess:
    document: Document = strawberry.field(description="The document; `documentEvents` reports its ingestion.")


@strawberry.type(description="The ingestion was canceled.")
class CancelIngestionSuccess:
    document: Document = strawberry.field(description="The document with the status CANCELED.")


@strawberry.type(description="The document was erased.")
class DeleteDocumentSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="Id of the erased document.")
    receipt: EraseReceipt = strawberry.field(description="Counts of the erased data.")


UploadDocumentResult = Annotated[
    UploadDocumentSuccess
    | InvalidInputError
    | UnsupportedError
    | TooLargeError
    | NotFoundError
    | ForbiddenError
    | BusyError
    | RateLimitedError,
    strawberry.union("UploadDocumentResult", description="Result of `uploadDocument`."),
]
ImportDocumentResult = Annotated[
    ImportDocumentSuccess
    | InvalidInputError
    | UnsupportedError
    | TooLargeError
    | NotFoundError
    | ForbiddenError
    | BusyError
    | RateLimitedError,
    strawberry.union("ImportDocumentResult", description="Result of `importDocument`."),
]
UpdateDocumentResult = Annotated[
    UpdateDocumentSuccess | NotFoundError | ForbiddenError | InvalidInputError,
    strawberry.union("UpdateDocumentResult", description="Result of `updateDocument`."),
]
ReprocessDocumentResult = Annotated[
    ReprocessDocumentSuccess | NotFoundError | ForbiddenError | ConflictError | InvalidInputError,
    strawberry.union("ReprocessDocumentResult", description="Result of `reprocessDocument`."),
]
CancelIngestionResult = Annotated[
    CancelIngestionSuccess | NotFoundError | ForbiddenError | ConflictError,
    strawberry.union("CancelIngestionResult", description="Result of `cancelIngestion`."),
]
DeleteDocumentResult = Annotated[
    DeleteDocumentSuccess | NotFoundError | ForbiddenError,
    strawberry.union("DeleteDocumentResult", description="Result of `deleteDocument`."),
]


@strawberry.type
class DocumentMutations:
    @strawberry.mutation(
        description="Store an uploaded file and queue its ingestion. Returns at once; `documentEvents` reports the "
        "progress."
    )
    async def upload_document(
        self,
        info: Info,
        input: Annotated[UploadDocumentInput, strawberry.argument(description="The file and its details.")],
    ) -> UploadDocumentResult:
        document, duplicate = await documents.upload_document(info.context, input.file, new_document_fields(input))
        return UploadDocumentSuccess(document=Document.from_record(document), duplicate=duplicate)

    @strawberry.mutation(
        description="Store a text, the file at a URL or a file on the server, and queue its ingestion."
    )
    async def import_document(
        self,
        info: Info,
        input: Annotated[ImportDocumentInput, strawberry.argument(description="The source and its details.")],
    ) -> ImportDocumentResult:
        kind, source = input.source.chosen()
        document, duplicate = await documents.import_document(
            info.context, kind, source, or_none(input.media_type), new_document_fields(input)
        )
        return ImportDocumentSuccess(document=Document.from_record(document), duplicate=duplicate)

    @strawberry.mutation(
        description="Change the name, tags or metadata of a document. For its owner: the user, or those with the "
        "level WRITE in the "
        "collection."
    )
    async def update_document(
        self, info: Info, input: Annotated[UpdateDocumentInput, strawberry.argument(description="The changes.")]
    ) -> UpdateDocumentResult:
        document_id = global_ids.DOCUMENT.get_key(input.id, "id")
        changes = provided_fields(input)
        del changes["id"]
        record = await documents.update_document(info.context, document_id, changes)
        return UpdateDocumentSuccess(document=Document.from_record(record))

    @strawberry.mutation(
        description="Ingest a document again from its original. The extracted text is removed at once, and the "
        "document is PENDING. Returns `ConflictError` if the document is PENDING, PARSING, EMBEDDING or "
        "DELETING, or if its original is not stored."
    )
    async def reprocess_document(
        self, info: Info, input: Annotated[ReprocessDocumentInput, strawberry.argument(description="The document.")]
    ) -> ReprocessDocumentResult:
        document_id = global_ids.DOCUMENT.get_key(input.id, "id")
        chunking = provided_fields(input).get("chunking")
        record = await documents.reprocess_document(info.context, document_id, chunking)
        return ReprocessDocumentSuccess(document=Document.from_record(record))

    @strawberry.mutation(
        description="Cancel the ingestion of a document that is PENDING, PARSING or EMBEDDING, and remove the text "
        "that was extracted. Returns `ConflictError` if the document has any other status."
    )
    async def cancel_ingestion(
        self, info: Info, input: Annotated[CancelIngestionInput, strawberry.argument(description="The document.")]
    ) -> CancelIngestionResult:
        document_id = global_ids.DOCUMENT.get_key(input.id, "id")
        record = await documents.cancel_ingestion(info.context, document_id)
        return CancelIngestionSuccess(document=Document.from_record(record))

    @strawberry.mutation(
        description="Erase a document from every store. Its ingestion is canceled first, and no search finds the "
        "document any more."
    )
    async def delete_document(
        self, info: Info, input: Annotated[DeleteDocumentInput, strawberry.argument(description="The document.")]
    ) -> DeleteDocumentResult:
        receipt = await documents.delete_document(info.context, global_ids.DOCUMENT.get_key(input.id, "id"))
        return DeleteDocumentSuccess(deleted_id=input.id, receipt=from_record(EraseReceipt, receipt))
