"""Structured concurrency on top of anyio: supervised loops, owned tasks, and the error boundary of background work.

Tasks start in task groups inside `open_...` context managers. A loop that ends unexpectedly ends the process
(`supervisor`). Work that must finish once it has begun runs in its owner's task group (`owned_tasks`).
"""

from concurrency.error_boundary import run_unit
from concurrency.owned_tasks import OwnedTasks, open_owned_tasks
from concurrency.signal import Signal
from concurrency.supervisor import Supervisor, open_supervisor
from concurrency.task_group import open_task_group

__all__ = [
    "OwnedTasks",
    "Signal",
    "Supervisor",
    "open_owned_tasks",
    "open_supervisor",
    "open_task_group",
    "run_unit",
]
