"""The real answers service over stores in memory, with a scripted generator in place of a model."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import anyio

from records.access import AnyScope
from records.access.usage import UNCOUNTED, TokenCount, UsageLimits
from records.answer import AnswerProgress
from records.ids import DocumentId, MessageId, SessionId
from records.session import MessageRecord, MessageRole, MessageStatus
from services.answers import AnswerListeners, AnswerPlanner, Answers, open_answers
from services.answers.effective_settings import SERVER_DEFAULTS
from services.answers.running_answer import AnswerResult, RunningAnswer
from services.usage import Places, Usage
from tests.access import LOCAL, SYSTEM
from tests.fakes.collections import FakeCollectionStore
from tests.fakes.services import FakeModels
from tests.fakes.stores import FakeDocuments, FakeMessages, FakeSessions
from tests.support.builders import make_message, make_session
from tests.support.supervisor import open_test_supervisor

MANY = 1_000_000
"""A limit of running answers that no test reaches."""


class ExchangedMessages(FakeMessages):
    """Messages in memory that store exchanges and their progress."""

    def __init__(self, *messages: MessageRecord) -> None:
        super().__init__(*messages)
        self._ids = itertools.count(1000)

    async def start_exchange(
        self, scope: AnyScope, session_id: SessionId, content: str, **_: Any
    ) -> tuple[MessageRecord, MessageRecord, bool]:
        prompt = make_message(
            id=MessageId(next(self._ids)), session_id=session_id, role=MessageRole.USER, content=content
        )
        answer = make_message(
            id=MessageId(next(self._ids)), session_id=session_id, parent_id=prompt.id, status=MessageStatus.PENDING
        )
        return self.put(prompt), self.put(answer), False

    async def checkpoint(self, scope: AnyScope, progress: AnswerProgress) -> None:
        stored = self.rows[progress.message_id]
        before = "" if progress.replaces else stored.content
        self.put(replace(stored, status=progress.status, content=before + progress.content))

    async def finish(self, scope: AnyScope, message: MessageRecord, used: TokenCount = UNCOUNTED) -> MessageRecord:
        return self.put(message)

    async def fail_unfinished(self, scope: AnyScope) -> tuple[MessageRecord, ...]:
        return ()


class AttachingSessions(FakeSessions):
    """Sessions in memory to which no document is attached."""

    async def document_ids(self, scope: AnyScope, key: SessionId) -> Sequence[DocumentId]:
        return ()


@dataclass(slots=True)
class ScriptedAnswerer:
    """Writes `words`, pausing for `rest` seconds after every `burst` of them. It begins once `go` is set."""

    documents: FakeDocuments
    messages: ExchangedMessages
    words: Iterable[str] = ("Hello", " world.")
    rest: float = 0.0
    burst: int = 1
    go: asyncio.Event | None = None
    "None: it begins at once."

    async def answer(self, answer: RunningAnswer) -> AnswerResult:
        if self.go is not None:
            await self.go.wait()
        answer.change(status=MessageStatus.GENERATING)
        for number, word in enumerate(self.words, 1):
            answer.log.write_text(word)
            if number % self.burst == 0:
                await anyio.sleep(self.rest)
        return AnswerResult()


@asynccontextmanager
async def open_scripted_answers(answerer: ScriptedAnswerer, models: FakeModels) -> AsyncIterator[Answers]:
    """Open answers that `answerer` generates, for session 1."""
    planner = AnswerPlanner(
        cast(Any, AttachingSessions(make_session())),
        cast(Any, answerer.documents),
        cast(Any, FakeCollectionStore()),
        cast(Any, models),
        SERVER_DEFAULTS,
    )
    messages = cast(Any, answerer.messages)
    places = Places(MANY, Usage(cast(Any, None), UsageLimits()), cast(Any, None))
    async with (
        open_test_supervisor() as supervisor,
        open_answers(answerer, planner, messages, AnswerListeners(), places, supervisor, SYSTEM) as answers,
    ):
        yield answers


async def start_answer(answers: Answers) -> MessageId:
    """Start an answer and return its id."""
    return (await answers.send_message(LOCAL, session_id=SessionId(1), content="How tight?"))[1].id
