"""Queries of sessions and messages."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from resolvers import sessions
from schema.common import global_ids
from schema.common.connections import After, Before, Connection, First, Last, connect, paging
from schema.common.info import Info
from schema.sessions.inputs import SessionFilter, SessionOrder
from schema.sessions.messages import Message
from schema.sessions.types import Session


async def find_session(info: Info, global_id: str) -> Session | None:
    key = global_ids.SESSION.find_key(global_id)
    record = None if key is None else await info.context.loaders.sessions.load(key)
    return None if record is None else Session.from_record(record)


async def find_message(info: Info, global_id: str) -> Message | None:
    key = global_ids.MESSAGE.find_key(global_id)
    record = None if key is None else await info.context.loaders.messages.load(key)
    return None if record is None else Message.from_record(record)


@strawberry.type
class SessionQueries:
    @strawberry.field(description="Return a session by its id; null for an unknown id.")
    async def session(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Id of the session.")]
    ) -> Session | None:
        return await find_session(info, id)

    @strawberry.field(
        description="List sessions, or search their names and messages with `SessionFilter.query`. By default, the "
        "order is RELEVANCE if there is a query, and LAST_MESSAGE_AT otherwise, largest value first."
    )
    async def sessions(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
        filter: Annotated[SessionFilter | None, strawberry.argument(description="Conditions on the sessions.")] = UNSET,
        order_by: Annotated[SessionOrder | None, strawberry.argument(description="Order of the sessions.")] = UNSET,
    ) -> Connection[Session]:
        conditions = (filter or SessionFilter()).to_record()
        order = order_by.to_record() if order_by else None
        request = paging(first, after, last, before)
        listing = await sessions.list_sessions(info.context, conditions, order, request)
        return connect(listing, Session.from_record)

    @strawberry.field(description="Return a prompt or an answer by its id; null for an unknown id.")
    async def message(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Id of the message.")]
    ) -> Message | None:
        return await find_message(info, id)
