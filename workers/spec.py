"""The specification of a worker: its program, its arguments and its limits."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from records.system import WorkerPurpose
from workers.connection import Caller


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """Describes a worker process. Durations are in seconds."""

    purpose: WorkerPurpose
    module: str
    "The program, such as `engines.parsing.worker.main`: defines `Start`, `Request` and `run(link, start)`."
    start: msgspec.Struct
    "The program's arguments, of the module's type `Start`."
    idle_priority: bool = False
    "Run with SCHED_IDLE, or with the lowest niceness where that is unknown. A process cannot raise its priority again."
    idle_seconds: float | None = None
    "Start on demand: with the first call, and end after this time without one. None: always running."
    recycle_calls: int | None = None
    "Replace the process after this number of calls."
    address_space_bytes: int | None = None
    "RLIMIT_AS of the child."
    silence_limit: float = 60.0
    "Kill the process if its I/O thread has not answered a ping for this time."
    cancel_limit: float | None = None
    "Kill the process if a canceled call has not ended after this time. None: no limit."
    environment: Mapping[str, str] = field(default_factory=dict)
    "Variables in addition to the server's own."
    prepare: Callable[[Caller], Awaitable[None]] | None = None
    "Awaited after every start, before calls are accepted. An exception counts as a crash."
