"""Mutations of sessions, and what they give back."""

from typing import Annotated

import strawberry

from resolvers import sessions
from schema import ids
from schema.errors import InvalidInputError, NotFoundError
from schema.info import Info
from schema.mapping import made_from
from schema.receipt import EraseReceipt
from schema.session import Session
from schema.session_inputs import CreateSessionInput, DeleteSessionInput, UpdateSessionInput, session_changes


@strawberry.type(description="The session was begun.")
class CreateSessionSuccess:
    session: Session = strawberry.field(description="The session.")


@strawberry.type(description="The session was changed.")
class UpdateSessionSuccess:
    session: Session = strawberry.field(description="The session as it is now.")


@strawberry.type(description="The session was erased.")
class DeleteSessionSuccess:
    deleted_id: strawberry.ID = strawberry.field(description="The id that it had.")
    receipt: EraseReceipt = strawberry.field(description="What was erased with it.")


CreateSessionResult = Annotated[
    CreateSessionSuccess | InvalidInputError | NotFoundError,
    strawberry.union("CreateSessionResult", description="The session, or why it was not begun."),
]
UpdateSessionResult = Annotated[
    UpdateSessionSuccess | InvalidInputError | NotFoundError,
    strawberry.union("UpdateSessionResult", description="The session, or why it was not changed."),
]
DeleteSessionResult = Annotated[
    DeleteSessionSuccess | NotFoundError,
    strawberry.union("DeleteSessionResult", description="What was erased, or why nothing was."),
]


@strawberry.type
class SessionMutations:
    @strawberry.mutation(description="Begins a session.")
    async def create_session(
        self, info: Info, input: Annotated[CreateSessionInput, strawberry.argument(description="The session.")]
    ) -> CreateSessionResult:
        return CreateSessionSuccess(
            session=Session.of(await sessions.create_session(info.context, session_changes(input)))
        )

    @strawberry.mutation(description="Changes a session's name, documents, place or settings.")
    async def update_session(
        self, info: Info, input: Annotated[UpdateSessionInput, strawberry.argument(description="The change.")]
    ) -> UpdateSessionResult:
        session_id = ids.SESSION.get(input.id, "id")
        record = await sessions.update_session(info.context, session_id, session_changes(input))
        return UpdateSessionSuccess(session=Session.of(record))

    @strawberry.mutation(description="Erases a session with its messages; an answer that is being made is stopped.")
    async def delete_session(
        self, info: Info, input: Annotated[DeleteSessionInput, strawberry.argument(description="The session.")]
    ) -> DeleteSessionResult:
        receipt = await sessions.delete_session(info.context, ids.SESSION.get(input.id, "id"))
        return DeleteSessionSuccess(deleted_id=input.id, receipt=made_from(EraseReceipt, receipt))
