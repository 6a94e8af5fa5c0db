"""A scan of many pages may take as long as it likes while pages come; who gets stuck is given up."""

import asyncio
import signal
import subprocess
import sys

import pytest

from engines.parsing.client import Parsing
from engines.parsing.protocol import ParseProgress
from records.codes import ErrorCode
from records.document import DocumentStatus
from records.errors import DocumentUnreadable
from tests.paths import ROOT

BURNING = """
import itertools, time
from engines.parsing.limits import Limits
from engines.parsing.protocol import ParseProgress
from engines.parsing.worker.main import limit_cpu, send_events

class Listener:
    def event(self, event): print(event.pages_looked_at, flush=True)

def pages(seconds):
    for number, each in enumerate(seconds, 1):
        end = time.process_time() + each
        while time.process_time() < end: pass
        yield ParseProgress("PARSING", 0.0, number)

limit_cpu(3)
send_events(Listener(), pages([1, 1, 1, 1, 1, 60]), Limits(cpu_seconds=3))
"""


class Pages:
    """Gives a page now and then, and in the end nothing any more."""

    def __init__(self, count: int, apart: float) -> None:
        self._left = count
        self._given = 0
        self._apart = apart

    async def __anext__(self) -> ParseProgress:
        await asyncio.sleep(self._apart if self._left else 3600)
        self._left, self._given = self._left - 1, self._given + 1
        return ParseProgress(DocumentStatus.PARSING, 0.5, self._given)


class Restarted:
    """Stands for the worker."""

    restarts = 0

    def restart(self) -> None:
        self.restarts += 1


async def test_the_clock_starts_anew_with_every_page_and_runs_out_where_none_comes() -> None:
    worker = Restarted()
    parsing = Parsing(Pages(12, apart=0.2), worker, seconds=2.0)  # type: ignore[arg-type]
    pages = [await anext(parsing) for _ in range(12)]
    assert isinstance(pages[-1], ParseProgress)
    assert pages[-1].pages_looked_at == 12
    with pytest.raises(DocumentUnreadable, match="longer than it may") as failure:
        await anext(parsing)
    assert failure.value.code is ErrorCode.PARSER_LIMIT
    assert worker.restarts == 1


def test_computing_time_starts_anew_with_every_page_and_runs_out_on_one_that_takes_too_much() -> None:
    ended = subprocess.run([sys.executable, "-c", BURNING], cwd=ROOT, capture_output=True, text=True)
    assert ended.stdout.split() == ["1", "2", "3", "4", "5"]
    assert ended.returncode == -signal.SIGXCPU
