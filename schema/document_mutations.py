"""Mutations of documents, and what they give back."""

from typing import Annotated

import strawberry

from resolvers import documents
from schema import ids
from schema.document import Document
from schema.document_inputs import (
    CancelIngestionInput,
    DeleteDocumentInput,
    ImportDocumentInput,
    ReprocessDocumentInput,
    UpdateDocumentInput,
    UploadDocumentInput,
)
from schema.errors import (
    BusyError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
    UnsupportedError,
)
from schema.info import Info
from schema.mapping import given, made_from, or_none
from schema.receipt import EraseReceipt


@strawberry.type(description="The file was taken in.")
class UploadDocumentSuccess:
    document: Document = strawberry.field(description="The document; its ingestion has only begun.")
    duplicate: bool = strawberry.field(description="True where these bytes were here already.")


@strawberry.type(description="The document was taken in.")
class ImportDocumentSuccess:
    document: Document = strawberry.field(description="The document; its ingestion has only begun.")
    duplicate: bool = strawberry.field(description="True where these bytes were here already.")


@strawberry.type(description="The document was changed.")
class UpdateDocumentSuccess:
    document: Document = strawberry.field(description="The document as it is now.")


@strawberry.type(description="The document is being ingested again.")
class ReprocessDocumentSuccess:
    document: Document = strawberry.field(description="The document as it is now.")


@strawberry.type(description="The ingestion was stopped.")
class CancelIngestionSuccess:
    document: Document = strawberry.field(description="The document as it is now.")


@strawberry.type(description="The document was erased.")
class DeleteDocumentSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="The id that it had.")
    receipt: EraseReceipt = strawberry.field(description="What was erased with it.")


UploadDocumentResult = Annotated[
    UploadDocumentSuccess | InvalidInputError | UnsupportedError | TooLargeError | BusyError,
    strawberry.union("UploadDocumentResult", description="The document, or why the file was not taken in."),
]
ImportDocumentResult = Annotated[
    ImportDocumentSuccess | InvalidInputError | UnsupportedError | TooLargeError | NotFoundError | BusyError,
    strawberry.union("ImportDocumentResult", description="The document, or why it was not taken in."),
]
UpdateDocumentResult = Annotated[
    UpdateDocumentSuccess | NotFoundError | InvalidInputError,
    strawberry.union("UpdateDocumentResult", description="The document, or why it was not changed."),
]
ReprocessDocumentResult = Annotated[
    ReprocessDocumentSuccess | NotFoundError | ConflictError | InvalidInputError,
    strawberry.union("ReprocessDocumentResult", description="The document, or why it is not ingested again."),
]
CancelIngestionResult = Annotated[
    CancelIngestionSuccess | NotFoundError | ConflictError,
    strawberry.union("CancelIngestionResult", description="The document, or why nothing was stopped."),
]
DeleteDocumentResult = Annotated[
    DeleteDocumentSuccess | NotFoundError,
    strawberry.union("DeleteDocumentResult", description="What was erased, or why nothing was."),
]


@strawberry.type
class DocumentMutations:
    @strawberry.mutation(
        description="Stores the original, answers at once; ingestion goes on in the background "
        "(watch `documentEvents`)."
    )
    async def upload_document(
        self, info: Info, input: Annotated[UploadDocumentInput, strawberry.argument(description="The file.")]
    ) -> UploadDocumentResult:
        document, duplicate = await documents.upload_document(info.context, input.file, given(input))
        return UploadDocumentSuccess(document=Document.of(document), duplicate=duplicate)

    @strawberry.mutation(description="Takes in a text, a file on the server or what stands at an address.")
    async def import_document(
        self, info: Info, input: Annotated[ImportDocumentInput, strawberry.argument(description="The document.")]
    ) -> ImportDocumentResult:
        kind, source = input.source.chosen()
        document, duplicate = await documents.import_document(
            info.context, kind, source, or_none(input.media_type), given(input)
        )
        return ImportDocumentSuccess(document=Document.of(document), duplicate=duplicate)

    @strawberry.mutation(description="Changes a document's name, tags or metadata.")
    async def update_document(
        self, info: Info, input: Annotated[UpdateDocumentInput, strawberry.argument(description="The change.")]
    ) -> UpdateDocumentResult:
        document_id = ids.DOCUMENT.get(input.id, "id")
        changes = given(input)
        del changes["id"]
        return UpdateDocumentSuccess(
            document=Document.of(await documents.update_document(info.context, document_id, changes))
        )

    @strawberry.mutation(description="Ingests a document again from its original.")
    async def reprocess_document(
        self, info: Info, input: Annotated[ReprocessDocumentInput, strawberry.argument(description="The document.")]
    ) -> ReprocessDocumentResult:
        document_id = ids.DOCUMENT.get(input.id, "id")
        record = await documents.reprocess_document(info.context, document_id, given(input).get("chunking"))
        return ReprocessDocumentSuccess(document=Document.of(record))

    @strawberry.mutation(description="Stops a document's ingestion, wherever it is.")
    async def cancel_ingestion(
        self, info: Info, input: Annotated[CancelIngestionInput, strawberry.argument(description="The document.")]
    ) -> CancelIngestionResult:
        document_id = ids.DOCUMENT.get(input.id, "id")
        return CancelIngestionSuccess(document=Document.of(await documents.cancel_ingestion(info.context, document_id)))

    @strawberry.mutation(description="Erases a document from every store; nothing finds it from now on.")
    async def delete_document(
        self, info: Info, input: Annotated[DeleteDocumentInput, strawberry.argument(description="The document.")]
    ) -> DeleteDocumentResult:
        receipt = await documents.delete_document(info.context, ids.DOCUMENT.get(input.id, "id"))
        return DeleteDocumentSuccess(deleted_id=input.id, receipt=made_from(EraseReceipt, receipt))
