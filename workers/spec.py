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
    "Module of the program, such as `engines.parsing.worker.main`. It defines `Start`, `Request` and `run(link, start)`."
    start: msgspec.Struct
    "Arguments of the program: an instance of the module's `Start`."
    idle_priority: bool = False
    "Run with SCHED_IDLE, or with niceness 19 if that is not available. The process cannot raise its priority again."
    idle_seconds: float | None = None
    "Start with the first call, and end after this time without a call. None: start at once and run always."
    recycle_calls: int | None = None
    "Replace the process after this number of calls. None: never."
    address_space_bytes: int | None = None
    "Maximum size of the child's address space in bytes (RLIMIT_AS). None: no limit."
    silence_limit: float = 60.0
    "Kill the process if its I/O thread has not answered a ping for this time."
    cancel_limit: float | None = None
    "Kill the process if a canceled call has not ended after this time. None: no limit."
    environment: Mapping[str, str] = field(default_factory=dict)
    "Environment variables in addition to those of the server."
    prepare: Callable[[Caller], Awaitable[None]] | None = None
    "Awaited after every start, before calls are accepted. An exception counts as a crash."
