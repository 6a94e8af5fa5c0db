"""Mutations of collections and groups, and their results."""

from typing import Annotated

import strawberry

from resolvers import collections
from schema.collections.inputs import (
    CollectionDocumentsInput,
    CreateCollectionInput,
    CreateGroupInput,
    DeleteCollectionInput,
    DeleteGroupInput,
    GrantAccessInput,
    RevokeAccessInput,
    UpdateCollectionInput,
    UpdateGroupInput,
    collection_changes,
    get_principals,
)
from schema.collections.types import Collection, Group
from schema.common import global_ids
from schema.common.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from schema.common.info import Info
from schema.common.mapping import from_record, or_none, provided_fields
from schema.common.types import EraseReceipt


@strawberry.type(description="The collection was created or changed.")
class CollectionSuccess:
    collection: Collection = strawberry.field(
        description="The collection after the change; before it, if the viewer has lost the access by the change."
    )


@strawberry.type(description="The collection was deleted.")
class DeleteCollectionSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="Id of the deleted collection.")
    receipt: EraseReceipt = strawberry.field(description="Counts of the erased data of its documents.")


@strawberry.type(description="The group was created or changed.")
class GroupSuccess:
    group: Group = strawberry.field(description="The group after the change.")


@strawberry.type(description="The group was deleted.")
class DeleteGroupSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="Id of the deleted group.")


CollectionResult = Annotated[
    CollectionSuccess | NotFoundError | ForbiddenError | ConflictError | InvalidInputError,
    strawberry.union("CollectionResult", description="Result of the mutations of a collection."),
]
DeleteCollectionResult = Annotated[
    DeleteCollectionSuccess | NotFoundError | ForbiddenError,
    strawberry.union("DeleteCollectionResult", description="Result of `deleteCollection`."),
]
GroupResult = Annotated[
    GroupSuccess | NotFoundError | ConflictError | InvalidInputError,
    strawberry.union("GroupResult", description="Result of `createGroup` and `updateGroup`."),
]
DeleteGroupResult = Annotated[
    DeleteGroupSuccess | NotFoundError,
    strawberry.union("DeleteGroupResult", description="Result of `deleteGroup`."),
]


@strawberry.type
class CollectionMutations:
    @strawberry.mutation(description="Create a collection without documents and members. For administrators.")
    async def create_collection(
        self, info: Info, input: Annotated[CreateCollectionInput, strawberry.argument(description="The collection.")]
    ) -> CollectionResult:
        record = await collections.create_collection(info.context, collection_changes(input))
        return CollectionSuccess(collection=Collection.from_record(record))

    @strawberry.mutation(description="Change a collection. Needs the level MANAGE.")
    async def update_collection(
        self, info: Info, input: Annotated[UpdateCollectionInput, strawberry.argument(description="The changes.")]
    ) -> CollectionResult:
        key = global_ids.COLLECTION.get_key(input.id, "id")
        record = await collections.update_collection(info.context, key, collection_changes(input))
        return CollectionSuccess(collection=Collection.from_record(record))

    @strawberry.mutation(
        description="Delete a collection, and the access to it. For administrators. It is gone at once; if the "
        "erasure of its "
        "documents takes longer than a mutation may, it continues, also after a restart."
    )
    async def delete_collection(
        self, info: Info, input: Annotated[DeleteCollectionInput, strawberry.argument(description="The collection.")]
    ) -> DeleteCollectionResult:
        key = global_ids.COLLECTION.get_key(input.id, "id")
        receipt = await collections.delete_collection(info.context, key, input.documents)
        return DeleteCollectionSuccess(deleted_id=input.id, receipt=from_record(EraseReceipt, receipt))

    @strawberry.mutation(
        description="Add documents to a collection, so that its members can read and search them. Needs the "
        "level WRITE, and "
        "for each document that the viewer owns it or has the level WRITE in the collection that owns it. Documents that "
        "the collection contains already are left as they are."
    )
    async def add_documents_to_collection(
        self,
        info: Info,
        input: Annotated[CollectionDocumentsInput, strawberry.argument(description="Collection and documents.")],
    ) -> CollectionResult:
        key = global_ids.COLLECTION.get_key(input.collection_id, "collection_id")
        ids = global_ids.DOCUMENT.get_keys(input.document_ids, "document_ids")
        return CollectionSuccess(
            collection=Collection.from_record(await collections.add_documents(info.context, key, ids))
        )

    @strawberry.mutation(
        description="Remove documents from a collection. They are not erased: their owners keep them. Needs the "
        "level WRITE. "
        "Returns `ConflictError` for a document that the collection owns; `deleteDocument` erases it."
    )
    async def remove_documents_from_collection(
        self,
        info: Info,
        input: Annotated[CollectionDocumentsInput, strawberry.argument(description="Collection and documents.")],
    ) -> CollectionResult:
        key = global_ids.COLLECTION.get_key(input.collection_id, "collection_id")
        ids = global_ids.DOCUMENT.get_keys(input.document_ids, "document_ids")
        return CollectionSuccess(
            collection=Collection.from_record(await collections.remove_documents(info.context, key, ids))
        )

    @strawberry.mutation(description="Give users and groups access to a collection. Needs the level MANAGE.")
    async def grant_access(
        self, info: Info, input: Annotated[GrantAccessInput, strawberry.argument(description="The access.")]
    ) -> CollectionResult:
        key = global_ids.COLLECTION.get_key(input.collection_id, "collection_id")
        principals = get_principals(input.principal_ids)
        record = await collections.grant_access(info.context, key, principals, input.level)
        return CollectionSuccess(collection=Collection.from_record(record))

    @strawberry.mutation(
        description="End the access of users and groups to a collection, at once. A user may keep the access by a group. "
        "Needs the level MANAGE. Quotes in earlier answers remain, without links to their documents."
    )
    async def revoke_access(
        self, info: Info, input: Annotated[RevokeAccessInput, strawberry.argument(description="The access.")]
    ) -> CollectionResult:
        key = global_ids.COLLECTION.get_key(input.collection_id, "collection_id")
        record = await collections.revoke_access(info.context, key, get_principals(input.principal_ids))
        return CollectionSuccess(collection=Collection.from_record(record))


@strawberry.type
class GroupMutations:
    @strawberry.mutation(description="Create a group. For administrators.")
    async def create_group(
        self, info: Info, input: Annotated[CreateGroupInput, strawberry.argument(description="The group.")]
    ) -> GroupResult:
        member_ids = global_ids.USER.get_keys(or_none(input.member_ids) or (), "member_ids")
        return GroupSuccess(
            group=Group.from_record(await collections.create_group(info.context, input.name, member_ids))
        )

    @strawberry.mutation(
        description="Change the name of a group or replace its members. For administrators. The access of the members to "
        "collections changes at once."
    )
    async def update_group(
        self, info: Info, input: Annotated[UpdateGroupInput, strawberry.argument(description="The changes.")]
    ) -> GroupResult:
        changes = provided_fields(input)
        key = global_ids.GROUP.get_key(changes.pop("id"), "id")
        if changes.get("member_ids") is not None:
            changes["member_ids"] = global_ids.USER.get_keys(changes["member_ids"], "member_ids")
        return GroupSuccess(group=Group.from_record(await collections.update_group(info.context, key, changes)))

    @strawberry.mutation(
        description="Delete a group, and the access to collections that its members have by it. For administrators."
    )
    async def delete_group(
        self, info: Info, input: Annotated[DeleteGroupInput, strawberry.argument(description="The group.")]
    ) -> DeleteGroupResult:
        await collections.delete_group(info.context, global_ids.GROUP.get_key(input.id, "id"))
        return DeleteGroupSuccess(deleted_id=input.id)
