"""The child's entry: `python -m workers MODULE DESCRIPTOR`, started by `workers.spawn` alone.

Order matters: Ctrl-C is ignored first; the I/O thread starts before the priority is lowered, so that it keeps the normal
one and answers pings and cancels even where the program itself only gets what others leave.
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

from workers.child import Link, leave

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
    link.expect(program.Request)
    program.run(link, arguments)


def import_program(module: str) -> ModuleType:
    """Import with the garbage collector at rest: it finds nothing there, and costs a fifth of the time of heavy imports."""
    gc.disable()
    program = importlib.import_module(module)
    gc.freeze()
    gc.enable()
    return program


def die_with_parent(parent_pid: int) -> None:
    """Linux: SIGKILL when the parent's thread that started us is gone, even where Python cannot run any more."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        leave()


def lower_priority() -> None:
    """SCHED_IDLE for this thread and those that it will start; elsewhere, or where forbidden, niceness 19."""
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        return
    os.nice(19)


def limit_memory(address_space_bytes: int) -> None:
    """RLIMIT_AS, where the system knows it; macOS refuses it."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (address_space_bytes, address_space_bytes))


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]))
    except BaseException:  # noqa: BLE001  # whatever ends the program is printed for the crash report
        traceback.print_exc()
        leave(1)
    leave(0)
