"""Real answers with their real logs and cursors, written by a script: stores in memory, no model."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from records.ids import DocumentId, MessageId, SessionId
from records.session import MessageRecord, MessageRole, MessageStatus
from services.answers import Answers, open_answers
from services.answers.effective_settings import SERVER_DEFAULTS
from services.answers.running_answer import RunningAnswer
from tests.fakes.services import FakeModels
from tests.fakes.stores import FakeDocuments, FakeMessages, FakeSessions
from tests.support.builders import make_message, make_session


class ExchangedMessages(FakeMessages):
    """Takes in prompts and keeps their answers."""

    def __init__(self, *messages: MessageRecord) -> None:
        super().__init__(*messages)
        self._ids = itertools.count(1000)

    async def start_exchange(
        self, session_id: SessionId, content: str, **_: Any
    ) -> tuple[MessageRecord, MessageRecord, bool]:
        prompt = make_message(
            id=MessageId(next(self._ids)), session_id=session_id, role=MessageRole.USER, content=content
        )
        answer = make_message(
            id=MessageId(next(self._ids)), session_id=session_id, parent_id=prompt.id, status=MessageStatus.PENDING
        )
        return self.put(prompt), self.put(answer), False

    async def checkpoint(self, message: MessageRecord) -> None:
        self.put(message)

    async def finish(self, message: MessageRecord) -> MessageRecord:
        return self.put(message)

    async def fail_unfinished(self) -> tuple[MessageRecord, ...]:
        return ()


class AttachingSessions(FakeSessions):
    async def document_ids(self, key: SessionId) -> Sequence[DocumentId]:
        return ()


@dataclass(slots=True)
class ScriptedAnswerer:
    """Writes `words`, with a rest after every `burst` of them; `go` must be set before it begins."""

    documents: FakeDocuments
    messages: ExchangedMessages
    words: Iterable[str] = ("Hello", " world.")
    rest: float = 0.0
    burst: int = 1
    go: asyncio.Event | None = None

    async def answer(self, work: RunningAnswer) -> None:
        if self.go is not None:
            await self.go.wait()
        work.change(status=MessageStatus.GENERATING)
        for number, word in enumerate(self.words, 1):
            work.log.write_text(word)
            if number % self.burst == 0:
                await asyncio.sleep(self.rest)
        await work.finish(cast(Any, self.messages), MessageStatus.COMPLETED)


@asynccontextmanager
async def open_scripted_answers(answerer: ScriptedAnswerer, models: FakeModels) -> AsyncIterator[Answers]:
    async def unheard(_: SessionId) -> None:
        return None

    opened: Any = open_answers
    sessions = AttachingSessions(make_session())
    async with opened(
        answerer, sessions, answerer.messages, models, SERVER_DEFAULTS, unheard, limit=1_000_000
    ) as answers:
        yield answers


async def start_answer(answers: Answers) -> MessageId:
    """Have an answer written; gives its id."""
    return (await answers.send_message(session_id=SessionId(1), content="How tight?"))[1].id
