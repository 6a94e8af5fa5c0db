"""Random mixes of requests and faults. Afterwards no session is blocked and nothing that was acknowledged is lost."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.codes import ErrorCode
from records.errors import ExpectedError
from records.ids import MessageId, SessionId
from records.system import WorkerPurpose
from tests.access import LOCAL
from tests.fakes.faults import Fault, Faults, cancel_by_scope_at, cancel_natively_at
from tests.fakes.inference import FakeInference, Script
from tests.services.answers.harness import AnswersHarness, open_harness, open_supervised
from tests.support.databases import open_copy
from tests.support.supervisor import open_test_supervisor
from workers import WorkerCrashed

SESSIONS = 2
CRASH = WorkerCrashed(WorkerPurpose.INFERENCE, "was ended by SIGKILL")
REFUSED = (ExpectedError, OSError)
"""Errors that a request may end with: expected ones, and the injected one."""

pytestmark = pytest.mark.usefixtures("captured_logs")

requests = st.tuples(
    st.sampled_from(["send", "cancel", "delete", "follow"]), st.integers(0, SESSIONS - 1), st.integers(0, 30)
)
"""A request: its kind, its session, and the step of the event loop at which the client disconnects (0: never).

At even steps, `cancel_natively_at` cancels the request, at odd steps `cancel_by_scope_at`.
"""
conditions = st.one_of(
    st.tuples(st.just("fault"), st.integers(0, 6), st.sampled_from(Fault)),
    st.tuples(st.sampled_from(["fill disk", "free disk", "block model", "release model", "crash model", "wait"])),
)


@dataclass
class Scenario:
    """Runs actions against one harness and records which answers were acknowledged."""

    harness: AnswersHarness
    faults: Faults
    script: Script
    gate: anyio.Event
    sessions: list[SessionId] = field(default_factory=list)
    newest: dict[SessionId, MessageId] = field(default_factory=dict)
    acknowledged: set[MessageId] = field(default_factory=set)
    deletion_requested: set[MessageId] = field(default_factory=set)
    full: ExitStack = field(default_factory=ExitStack)

    async def play(self, action: tuple[Any, ...]) -> None:
        match action:
            case ("fault", int(number), Fault() as fault):
                self.faults.fail_call(number, fault)
            case ("fill disk",):
                self.full.close()
                self.full.enter_context(self.faults.full_disk())
            case ("free disk",):
                self.full.close()
            case ("block model",):
                self.gate = self.script.gate = anyio.Event()
            case ("release model",):
                self.gate.set()
            case ("crash model",):
                self.script.error = CRASH if self.script.error is None else None
            case ("wait",):
                await anyio.sleep(0.12)  # longer than the time between two checkpoints
            case (str(name), int(session), int(step)):
                await self._request(name, self.sessions[session], step)

    async def _request(self, name: str, session_id: SessionId, step: int) -> None:
        message_id = self.newest.get(session_id, MessageId(404))
        work: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "send": lambda: self.harness.send(session_id),
            "cancel": lambda: self.harness.answers.cancel_generation(LOCAL, message_id),
            "delete": lambda: self.harness.answers.delete_message(LOCAL, message_id),
            "follow": lambda: self._follow_a_little(message_id),
        }
        if name == "delete":
            self.deletion_requested.add(message_id)
        leave_at = cancel_natively_at if step % 2 == 0 else cancel_by_scope_at
        try:
            result = (await leave_at(work[name](), step))[1] if step else await work[name]()
        except REFUSED:
            return
        if name == "send" and result is not None:
            answer = result[1].id
            self.newest[session_id] = answer
            self.acknowledged.add(answer)

    async def _follow_a_little(self, message_id: MessageId) -> None:
        async with self.harness.answers.follow_answer(LOCAL, message_id, None) as events:
            await anext(events)

    async def check(self) -> None:
        self.full.close()
        self.faults.clear()
        self.script.error = None
        self.gate.set()
        for session_id in self.sessions:
            await self.harness.check_usable(session_id)
        for message_id in self.acknowledged - self.deletion_requested:
            await self.harness.check_ended(message_id)
        for message_id in self.acknowledged & self.deletion_requested:
            if await self.harness.stores.messages.find(LOCAL, message_id) is not None:
                await self.harness.check_ended(message_id)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(requests, conditions), min_size=1, max_size=12))
def test_any_mix_of_requests_and_faults_leaves_everything_usable(
    template: Path, actions: list[tuple[Any, ...]]
) -> None:
    async def scenario() -> None:
        faults, gate = Faults(), anyio.Event()
        gate.set()
        script = Script(gate=gate)
        with tempfile.TemporaryDirectory() as folder:
            async with open_copy(template, Path(folder)) as database, open_test_supervisor() as supervisor:
                inference = FakeInference(script)
                async with open_supervised(database, supervisor, inference=inference, wrap=faults.wrap) as harness:
                    played = Scenario(harness, faults, script, gate)
                    played.sessions = [(await harness.session()).id for _ in range(SESSIONS)]
                    with anyio.fail_after(30):
                        for action in actions:
                            await played.play(action)
                        await played.check()
                    assert supervisor.failed == ()

    asyncio.run(scenario())


@pytest.mark.parametrize("words", range(1, 5))
async def test_a_model_that_crashes_after_any_word_ends_the_answer_with_what_was_written(
    template: Path, tmp_path: Path, words: int
) -> None:
    inference = FakeInference(Script(words=("one ", "two ", "three ", "four ")[:words], error=CRASH), Script())
    async with open_copy(template, tmp_path) as database, open_harness(database, inference=inference) as harness:
        session = await harness.session()
        _, answer = await harness.send(session.id)
        stored = await harness.check_ended(answer.id)
        assert stored.error is not None
        assert stored.error.code is ErrorCode.WORKER_CRASHED
        assert stored.content == "".join(("one ", "two ", "three ")[: words - 1])
        await harness.check_usable(session.id)
