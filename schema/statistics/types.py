"""Statistics of the server and their counts."""

from datetime import UTC, date, datetime

import strawberry

from records import system
from records.access import Role
from records.access import statistics as records
from records.document import DocumentStatus
from records.ids import CollectionId
from schema.collections import types as collection_types
from schema.common.info import Info
from schema.common.mapping import from_record
from schema.common.references import CollectionRef
from schema.common.scalars import BigInt
from schema.system.types import StorageStatus


@strawberry.type(description="Number of users with a role.")
class RoleCount:
    role: Role = strawberry.field(description="The role.")
    count: int = strawberry.field(description="Number of users.")


@strawberry.type(description="Number of documents with a status.")
class DocumentStatusCount:
    status: DocumentStatus = strawberry.field(description="The status.")
    count: int = strawberry.field(description="Number of documents.")


@strawberry.type(description="Number of answers of a day.")
class DayCount:
    day: datetime = strawberry.field(description="Beginning of the day in UTC.")
    count: int = strawberry.field(description="Number of answers that were started on the day.")


@strawberry.type(description="Number of answers of a model.")
class ModelCount:
    model_name: str = strawberry.field(description="Name of the model when it answered.")
    count: int = strawberry.field(description="Number of stored answers.")


@strawberry.type(description="Number of answers in the sessions of a collection.")
class CollectionCount:
    collection_id: strawberry.Private[CollectionId]
    count: int = strawberry.field(description="Number of stored answers.")

    @strawberry.field(description="The collection; null if it has been deleted meanwhile.")
    async def collection(self, info: Info) -> CollectionRef | None:
        record = await info.context.loaders.collections.load(self.collection_id)
        return None if record is None else collection_types.Collection.from_record(record)


@strawberry.type(
    description="Counts over all users, without texts and names of sessions. `users`, `documents`, `sessions`, their "
    "breakdowns and `storage` count what exists now. `activeUsers`, the numbers of answers and tokens, and `answersByDay` "
    "count whole days in UTC: those that the range touches. They include answers that were deleted since. "
    "`answersByModel`, `topCollections` and `medianTimeToFirstTokenMs` are computed from the stored answers that were "
    "started in the range."
)
class Statistics:
    users: int = strawberry.field(description="Number of users, closed accounts included.")
    active_users: int = strawberry.field(description="Number of users who asked or added a document in the range.")
    users_by_role: list[RoleCount] = strawberry.field(description="Number of users of each role that has any.")
    documents: int = strawberry.field(description="Number of documents.")
    documents_by_status: list[DocumentStatusCount] = strawberry.field(
        description="Number of documents of each status that has any. Documents that are being deleted are not counted."
    )
    sessions: int = strawberry.field(description="Number of sessions.")
    collections: int = strawberry.field(description="Number of collections.")
    answers: int = strawberry.field(description="Number of answers that were started.")
    failed_answers: int = strawberry.field(description="Number of answers that failed.")
    prompt_tokens: BigInt = strawberry.field(
        description="Number of tokens of the prompts of all generations, cached ones included."
    )
    completion_tokens: BigInt = strawberry.field(description="Number of generated tokens, reasoning included.")
    median_time_to_first_token_ms: float | None = strawberry.field(
        description="Median time in milliseconds from the request of a generation to its first text; null without answers."
    )
    answers_by_day: list[DayCount] = strawberry.field(
        description="Number of answers of every day of the range, the first day first."
    )
    answers_by_model: list[ModelCount] = strawberry.field(
        description="Number of answers of each model, the highest number first."
    )
    top_collections: list[CollectionCount] = strawberry.field(
        description="The ten collections with the most answers in their sessions, the highest number first."
    )
    storage: StorageStatus = strawberry.field(description="Amount of stored data.")

    @classmethod
    def from_record(cls, found: records.Statistics, storage: system.StorageStatus) -> "Statistics":
        return from_record(
            cls,
            found.usage,
            users=sum(number for _, number in found.users_by_role),
            users_by_role=[RoleCount(role=role, count=number) for role, number in found.users_by_role],
            documents=sum(number for _, number in found.documents_by_status),
            documents_by_status=[
                DocumentStatusCount(status=status, count=number) for status, number in found.documents_by_status
            ],
            sessions=found.sessions,
            collections=found.collections,
            top_collections=[
                CollectionCount(collection_id=key, count=number) for key, number in found.answers_by_collection
            ],
            median_time_to_first_token_ms=found.median_time_to_first_token_ms,
            answers_by_day=[DayCount(day=_start(day), count=number) for day, number in found.usage.answers_by_day],
            answers_by_model=[ModelCount(model_name=name, count=number) for name, number in found.answers_by_model],
            storage=storage,
        )


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
