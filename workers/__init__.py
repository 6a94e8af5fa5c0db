"""The harness for child processes: typed frames over a socketpair, cancellation, heartbeat, restart.

Engines and persistence build on it. It does not depend on what a child does. The parent opens a worker with
`open_worker` and calls it; `workers.child` is the child's side. When a child ends, whether by a crash, an out-of-memory
kill or a hang, every call in flight raises `WorkerCrashed`, and a new process is started after a short delay.
"""

from workers.connection import Caller, CallStream
from workers.errors import WorkerCallFailed, WorkerCrashed, WorkerGivenUp
from workers.spec import WorkerSpec
from workers.worker import Worker, open_worker

__all__ = [
    "CallStream",
    "Caller",
    "Worker",
    "WorkerCallFailed",
    "WorkerCrashed",
    "WorkerGivenUp",
    "WorkerSpec",
    "open_worker",
]
