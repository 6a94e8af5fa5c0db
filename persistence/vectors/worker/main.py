"""Entry point of the vectors process, the only process that opens the Chroma directory."""

from typing import NoReturn

from persistence.vectors.protocol import Request, Start
from persistence.vectors.worker.program import Program
from workers.child import Link

__all__ = ["Request", "Start", "run"]


def run(link: Link, start: Start) -> NoReturn:
    """Process calls without end. An unexpected error ends the process; the next process fills its caches from SQLite."""
    program = Program(start)
    while True:
        call = link.receive(program.seconds_to_step)
        if call is not None:
            program.process(call)
        program.step()
