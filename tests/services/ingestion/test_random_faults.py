"""Random uploads, changes, faults and restarts. Afterwards every acknowledged document is complete or was deleted."""

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

from records.errors import ExpectedError
from records.ids import DocumentId
from records.system import WorkerPurpose
from services.worker_retry import MAX_ATTEMPTS
from tests.access import LOCAL
from tests.fakes.faults import Fault, Faults, cancel_by_scope_at, cancel_natively_at
from tests.services.ingestion.harness import IngestionHarness, open_faulty, upload
from workers import WorkerCrashed

CONTENTS = [b"Bolt A takes 35 Nm.", b"Bolt B takes 50 Nm.\nNuts are on shelf 7.", b"Washers."]
CRASH = WorkerCrashed(WorkerPurpose.PARSING, "was ended by SIGKILL")
REFUSED = (ExpectedError, OSError)
"""Errors that a request may end with: expected ones, and the injected one."""

pytestmark = pytest.mark.usefixtures("captured_logs")

requests = st.tuples(
    st.sampled_from(["upload", "upload", "delete", "cancel", "reprocess"]),
    st.integers(0, len(CONTENTS) - 1),
    st.integers(0, 20),
)
"""A request: its kind, the content of its document, and the step at which the client disconnects (0: never).

Steps are counted in the event loop. At even steps `cancel_natively_at` cancels the request, at odd `cancel_by_scope_at`.
"""
conditions = st.one_of(
    st.tuples(st.just("fault"), st.integers(0, 12), st.sampled_from(Fault)),
    st.tuples(st.sampled_from(["fill disk", "free disk", "block parser", "release parser"])),
    st.tuples(st.sampled_from(["crash parser", "crash embedder", "wait"])),
)


@dataclass
class Scenario:
    """Runs actions against one harness and records which documents were acknowledged."""

    harness: IngestionHarness
    faults: Faults
    documents: dict[int, DocumentId] = field(default_factory=dict)
    "The newest acknowledged document of each content."
    deletion_requested: set[DocumentId] = field(default_factory=set)
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
            case ("block parser",):
                self.harness.small.gate.close()
            case ("release parser",):
                self.harness.small.gate.open()
            case ("crash parser",):
                self.harness.small.crash(CRASH, after=1, times=MAX_ATTEMPTS)
            case ("crash embedder",):
                self.harness.embedder.crash(times=MAX_ATTEMPTS)
            case ("wait",):
                await anyio.sleep(0.05)
            case (str(name), int(content), int(step)):
                await self._request(name, content, step)

    async def _request(self, name: str, content: int, step: int) -> None:
        document_id = self.documents.get(content, DocumentId(404))
        ingestion = self.harness.ingestion
        work: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "upload": lambda: upload(self.harness, CONTENTS[content]),
            "delete": lambda: ingestion.delete_document(LOCAL, document_id),
            "cancel": lambda: ingestion.cancel_ingestion(LOCAL, document_id),
            "reprocess": lambda: ingestion.reprocess_document(LOCAL, document_id, None),
        }
        if name == "delete":
            self.deletion_requested.add(document_id)
        leave_at = cancel_natively_at if step % 2 == 0 else cancel_by_scope_at
        try:
            result = (await leave_at(work[name](), step))[1] if step else await work[name]()
        except REFUSED:
            return
        if name == "upload" and result is not None:
            self.documents[content] = result.id

    async def check(self) -> None:
        self.full.close()
        self.faults.clear()
        self.harness.small.gate.open()
        self.harness.small.crash(CRASH, after=0, times=0)
        self.harness.embedder.crash(times=0)
        await self.harness.until_idle()
        for document_id in self.documents.values():
            document = await self.harness.stores.documents.find(LOCAL, document_id)
            assert document is not None or document_id in self.deletion_requested
            if document is not None:
                await self.harness.check_usable(document)
        for content in CONTENTS:
            await self.harness.check_usable(await upload(self.harness, content))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.one_of(requests, conditions), min_size=1, max_size=10), min_size=1, max_size=2))
def test_any_mix_of_requests_faults_and_restarts_leaves_every_document_complete(
    template: Path, runs: list[list[tuple[Any, ...]]]
) -> None:
    """Each list of actions is played in one run of the server. All documents are checked at the end of the last run."""

    async def scenario() -> None:
        with tempfile.TemporaryDirectory() as folder:
            documents: dict[int, DocumentId] = {}
            deletion_requested: set[DocumentId] = set()
            for number, actions in enumerate(runs, 1):
                async with open_faulty(template, Path(folder), checks=number == len(runs)) as (harness, faults):
                    played = Scenario(harness, faults, documents, deletion_requested)
                    for action in actions:
                        await played.play(action)
                    if number == len(runs):
                        await played.check()
                    played.full.close()

    asyncio.run(scenario())
