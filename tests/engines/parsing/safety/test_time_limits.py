"""Time limits start again after each page that was passed to OCR: a long scan is read, a stuck page ends the parsing."""

import signal
import subprocess
import sys

import anyio
import pytest

from engines.parsing.client import ParseStream
from engines.parsing.protocol import ParseProgress
from records.codes import ErrorCode
from records.document import DocumentStatus
from records.errors import DocumentUnreadable
from tests.paths import ROOT

BUSY_PROGRAM = """
import itertools, time
from engines.parsing.parsing_limits import ParsingLimits
from engines.parsing.protocol import ParseProgress
from engines.parsing.worker.main import limit_cpu, send_events

class PrintingCall:
    def event(self, event): print(event.ocr_pages, flush=True)

def pages(seconds):
    for number, each in enumerate(seconds, 1):
        end = time.process_time() + each
        while time.process_time() < end: pass
        yield ParseProgress("PARSING", 0.0, number)

limit_cpu(3)
send_events(PrintingCall(), pages([1, 1, 1, 1, 1, 60]), ParsingLimits(cpu_seconds=3))
"""
"""A program that computes for one second for each of five pages, and then for a minute for the sixth page."""


class SlowScan:
    """A stream of events that reports a page every `interval` seconds, and then nothing more."""

    def __init__(self, pages: int, interval: float) -> None:
        self._pages = pages
        self._reported = 0
        self._interval = interval

    async def __anext__(self) -> ParseProgress:
        if self._reported == self._pages:
            await anyio.sleep_forever()
        await anyio.sleep(self._interval)
        self._reported += 1
        return ParseProgress(DocumentStatus.PARSING, 0.5, self._reported)


class FakeWorker:
    """A worker that counts its restarts."""

    restarts = 0

    def restart(self) -> None:
        self.restarts += 1


async def test_the_time_limit_restarts_with_each_page_and_ends_a_stuck_parser() -> None:
    worker = FakeWorker()
    stream = ParseStream(SlowScan(12, interval=0.2), worker, seconds=2.0)  # type: ignore[arg-type]
    events = [await anext(stream) for _ in range(12)]
    assert isinstance(events[-1], ParseProgress)
    assert events[-1].ocr_pages == 12
    with pytest.raises(DocumentUnreadable, match="time limit of 2 seconds") as failure:
        await anext(stream)
    assert failure.value.code is ErrorCode.PARSER_LIMIT
    assert worker.restarts == 1


def test_the_cpu_limit_restarts_with_each_page_and_ends_a_busy_parser() -> None:
    ended = subprocess.run([sys.executable, "-c", BUSY_PROGRAM], cwd=ROOT, capture_output=True, text=True)
    assert ended.stdout.split() == ["1", "2", "3", "4", "5"]
    assert ended.returncode == -signal.SIGXCPU
