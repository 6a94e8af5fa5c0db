"""Subscriptions to the events of answers and to changes of sessions."""

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from strawberry import UNSET

from resolvers import messages, sessions
from schema.common import global_ids
from schema.common.info import Info
from schema.common.mapping import or_none
from schema.common.streams import get_optional_key, map_stream
from schema.sessions.message_events import MessageEvent, event_from_record
from schema.sessions.types import SessionEvent


@strawberry.type
class SessionSubscriptions:
    @strawberry.subscription(
        description="Events of an answer. Ends with exactly one of MessageCompleted, MessageFailed and "
        "MessageCanceled. The answer does not depend on its subscribers: it continues without them."
    )
    async def message_events(
        self,
        info: Info,
        message_id: Annotated[strawberry.ID, strawberry.argument(description="Id of the answer.")],
        after: Annotated[
            str | None,
            strawberry.argument(
                description="Cursor of the last event that the client received: the stream resumes after it, with a "
                "`StreamGap` if the next events are not available any more. Null starts with the first event. "
                "`HEAD` sends only events from now on, or the terminal event of an answer that has ended. Any "
                "other text fails with the code INVALID_INPUT."
            ),
        ] = UNSET,
    ) -> AsyncGenerator[MessageEvent, None]:
        context = info.context
        key = global_ids.MESSAGE.get_key(message_id, "message_id")
        events = await messages.stream_message_events(context, key, or_none(after))
        return map_stream(events, lambda event: event_from_record(event, context.answers.cursor))

    @strawberry.subscription(
        description="Changes of one session, or of all sessions, including new messages. Starts with a snapshot: of "
        "the session if `sessionId` is set, otherwise of the 100 sessions with the latest messages."
    )
    async def session_events(
        self,
        info: Info,
        session_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Id of the session; all sessions by default.")
        ] = UNSET,
    ) -> AsyncGenerator[SessionEvent, None]:
        key = get_optional_key(global_ids.SESSION, session_id, "session_id")
        changes = await sessions.stream_session_events(info.context, key)
        return map_stream(changes, SessionEvent.from_change)
