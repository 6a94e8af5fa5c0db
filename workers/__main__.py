"""Entry point of a child process: `python -m workers MODULE DESCRIPTOR`. Only `workers.spawn` starts it.

The order of the steps matters. Ctrl-C is ignored first. The I/O thread starts before the priority is lowered, so that it
keeps the normal priority and answers pings and cancellations even if the program itself is starved of CPU time.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import resource
import signal
import socket
import sys
import traceback
from types import ModuleType

import msgspec

from workers.child import Link, exit_process

_PR_SET_PDEATHSIG = 1


def main(module: str, descriptor: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=descriptor)
    connection.set_inheritable(False)
    connection.setblocking(True)
    link = Link(connection)
    start = link.read_start()
    die_with_parent(start.parent_pid)
    link.start_reading()
    if start.idle_priority:
        lower_priority()
    if start.address_space_bytes is not None:
        limit_memory(start.address_space_bytes)
    program = import_program(module)
    arguments = msgspec.msgpack.decode(start.body, type=program.Start)
    link.set_request_type(program.Request)
    program.run(link, arguments)


def import_program(module: str) -> ModuleType:
    """Import the program with the garbage collector disabled.

    An import produces little garbage, and the collector would take a fifth of the time of a large import.
    """
    gc.disable()
    program = importlib.import_module(module)
    gc.freeze()
    gc.enable()
    return program


def die_with_parent(parent_pid: int) -> None:
    """Make Linux kill this process when its parent ends.

    The kernel does so as soon as the thread that started this process ends, also while native code blocks Python here. If
    the parent has ended already, exit.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        exit_process()


def lower_priority() -> None:
    """Set SCHED_IDLE for this thread and all threads that it starts.

    Set niceness 19 instead if the system has no SCHED_IDLE or forbids it.
    """
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        return
    os.nice(19)


def limit_memory(address_space_bytes: int) -> None:
    """Set RLIMIT_AS, where the system supports it; macOS rejects it."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (address_space_bytes, address_space_bytes))


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]))
    except BaseException:  # noqa: BLE001  # whatever ends the program is printed for the crash report
        traceback.print_exc()
        exit_process(1)
    exit_process(0)
