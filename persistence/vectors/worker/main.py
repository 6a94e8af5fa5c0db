"""The program of the vectors process: the only one that opens the Chroma directory."""

from typing import NoReturn

from persistence.vectors.protocol import Request, Start
from persistence.vectors.worker.program import Program
from workers.child import Link

__all__ = ["Request", "Start", "run"]


def run(link: Link, start: Start) -> NoReturn:
    """Serve for ever; a surprise ends the process, and the next one fills its copies from SQLite again."""
    program = Program(start)
    while True:
        call = link.receive(program.rest)
        if call is not None:
            program.answer(call)
        program.step()
