"""What a worker is: its program, its arguments and its limits."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from records.system import WorkerPurpose
from workers.connection import Caller


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    purpose: WorkerPurpose
    module: str
    "The program, such as `engines.parsing.worker.main`: defines `Start`, `Request` and `run(link, start)`."
    start: msgspec.Struct
    "Its arguments, of the module's type `Start`."
    idle_priority: bool = False
    "SCHED_IDLE where there is one, else the lowest niceness. A process cannot leave it again."
    idle_seconds: float | None = None
    "On demand: starts with a call and ends after so long without one. None: always there."
    recycle_calls: int | None = None
    "A fresh process after so many calls."
    address_space_bytes: int | None = None
    "RLIMIT_AS of the child."
    silence_limit: float = 60.0
    "Killed when its I/O thread answered no ping for so many seconds."
    cancel_limit: float | None = None
    "Killed when a canceled call has not ended after so many seconds; None: it may take its time."
    environment: Mapping[str, str] = field(default_factory=dict)
    "Variables on top of the server's own."
    prepare: Callable[[Caller], Awaitable[None]] | None = None
    "Awaited after every start, before calls are let in; an exception counts as a crash of the start."
