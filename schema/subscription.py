"""What can be watched. That a thing is there is checked before its stream begins."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, TypeVar

import strawberry
from strawberry import UNSET

from resolvers import documents, messages, models, sessions, system
from schema import ids
from schema.events import DocumentEvent, ModelEvent, SessionEvent
from schema.indexing import IndexingStatus
from schema.info import Info
from schema.mapping import or_none
from schema.message_events import MessageEvent, event_of
from schema.system import SystemStatus

Key = TypeVar("Key", bound=int | str)
Told = TypeVar("Told")
Shown = TypeVar("Shown")


async def shown(source: AsyncGenerator[Told, None], of: Callable[[Told], Shown]) -> AsyncGenerator[Shown, None]:
    """Each record of a stream as the graph shows it; the stream is closed with this one."""
    async with aclosing(source) as stream:
        async for told in stream:
            yield of(told)


def _watched(kind: ids.Kind[Key], text: str | None, where: str) -> Key | None:
    """None where all are watched. Raises `NotFound` for an id that is not ours."""
    given = or_none(text)
    return None if given is None else kind.get(given, where)


@strawberry.type(description="What can be watched.")
class Subscription:
    @strawberry.subscription(
        description="""The answer as it is made. `after: null` replays from its first event, an event's
`cursor` resumes behind it, `"HEAD"` is live only. Losing every subscriber does not
stop the answer. Ends with exactly one of MessageCompleted, MessageFailed, MessageCanceled."""
    )
    async def message_events(
        self,
        info: Info,
        message_id: Annotated[strawberry.ID, strawberry.argument(description="The answer.")],
        after: Annotated[str | None, strawberry.argument(description="A cursor, or `HEAD`.")] = UNSET,
    ) -> AsyncGenerator[MessageEvent, None]:
        context = info.context
        key = ids.MESSAGE.get(message_id, "message_id")
        events = await messages.stream_message_events(context, key, or_none(after))
        return shown(events, lambda event: event_of(event, context.answers.cursor))

    @strawberry.subscription(
        description="A snapshot of each model first, then every change of state, load progress and settings."
    )
    async def model_events(
        self,
        info: Info,
        model_id: Annotated[strawberry.ID | None, strawberry.argument(description="The model; all otherwise.")] = UNSET,
    ) -> AsyncGenerator[ModelEvent, None]:
        key = _watched(ids.MODEL, model_id, "modelId")
        return shown(await models.stream_model_events(info.context, key), ModelEvent.of)

    @strawberry.subscription(description="Ingestion of one document, or of all; a snapshot first.")
    async def document_events(
        self,
        info: Info,
        document_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The document; all otherwise.")
        ] = UNSET,
    ) -> AsyncGenerator[DocumentEvent, None]:
        key = _watched(ids.DOCUMENT, document_id, "documentId")
        return shown(await documents.stream_document_events(info.context, key), DocumentEvent.of)

    @strawberry.subscription(description="Changes of one session, or of all; a snapshot first.")
    async def session_events(
        self,
        info: Info,
        session_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The session; all otherwise.")
        ] = UNSET,
    ) -> AsyncGenerator[SessionEvent, None]:
        key = _watched(ids.SESSION, session_id, "sessionId")
        return shown(await sessions.stream_session_events(info.context, key), SessionEvent.of)

    @strawberry.subscription(description="One shared sampler, however many watch. The first sample comes at once.")
    async def system_metrics(
        self,
        info: Info,
        interval_ms: Annotated[
            int, strawberry.argument(description="Milliseconds between samples, 250 to 60,000.")
        ] = 1000,
    ) -> AsyncGenerator[SystemStatus, None]:
        return shown(system.stream_system_metrics(info.context, interval_ms), SystemStatus.of)

    @strawberry.subscription(
        description="What background indexing is at, then every change; progress at most once a second."
    )
    async def indexing_events(self, info: Info) -> AsyncGenerator[IndexingStatus, None]:
        return shown(system.stream_indexing_events(info.context), IndexingStatus.of)
