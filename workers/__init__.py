"""The harness for child processes: typed frames over a socketpair, cancel, heartbeat, restart.

A leaf that engines and persistence both stand on. It knows nothing of what a child does. The parent opens a worker with
`open_worker` and calls it; the child's side is `workers.child`. Whatever ends a child (a crash, an out-of-memory kill, a
hang) becomes a `WorkerCrashed` at every call that was in flight, and a fresh process after a short wait.
"""

from workers.connection import Caller, Stream
from workers.errors import WorkerCallFailed, WorkerCrashed, WorkerGivenUp
from workers.spec import WorkerSpec
from workers.worker import Worker, open_worker

__all__ = [
    "Caller",
    "Stream",
    "Worker",
    "WorkerCallFailed",
    "WorkerCrashed",
    "WorkerGivenUp",
    "WorkerSpec",
    "open_worker",
]
