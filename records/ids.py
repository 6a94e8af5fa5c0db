"""Ids of records. `schema/common/global_ids.py` encodes them as opaque global ids."""

from typing import NewType

DocumentId = NewType("DocumentId", int)
ChunkId = NewType("ChunkId", int)
SessionId = NewType("SessionId", int)
MessageId = NewType("MessageId", int)
UserId = NewType("UserId", int)
LoginId = NewType("LoginId", int)
ApiKeyId = NewType("ApiKeyId", int)
InvitationId = NewType("InvitationId", int)
AuditEntryId = NewType("AuditEntryId", int)
GroupId = NewType("GroupId", int)
CollectionId = NewType("CollectionId", int)
GrantId = NewType("GrantId", int)

ModelId = NewType("ModelId", str)
"""The first 16 hex digits of the SHA-256 of the model's path or package name: stable between starts."""
