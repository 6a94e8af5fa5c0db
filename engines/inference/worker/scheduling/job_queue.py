"""Queue of the engine's thread: commands first, then jobs in an order that is fair to users."""

from collections import deque
from collections.abc import Callable
from threading import Condition

from engines.inference.worker.scheduling.fair_order import FairOrder
from engines.inference.worker.scheduling.job import Job

Command = Callable[[], None]


class QueueFull(Exception):
    """The queue has reached its limit of jobs."""


class JobQueue:
    """A bounded queue of jobs, and commands that run between steps of the engine. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._changed = Condition()
        self._commands: deque[Command] = deque()
        self._jobs: list[Job] = []
        self._fair_order = FairOrder()
        self._order: list[Job] | None = None
        "The jobs in the order in which they start; None after a change."

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: Job) -> None:
        """Add a job. Raises `QueueFull` if the queue has reached its limit."""
        with self._changed:
            if len(self._jobs) >= self._limit:
                raise QueueFull
            self._jobs.append(job)
            self._order = None
            self._changed.notify()

    def put_command(self, command: Command) -> None:
        with self._changed:
            self._commands.append(command)
            self._changed.notify()

    def remove(self, job: Job) -> bool:
        """Remove a job and return True; return False if it is not in the queue any more."""
        with self._changed:
            if job not in self._jobs:
                return False
            self._jobs.remove(job)
            self._order = None
            return True

    def started(self, job: Job) -> None:
        """Count a job that was removed as running. `ended` must follow when it ends."""
        with self._changed:
            self._fair_order.started(job)
            self._order = None

    def ended(self, job: Job) -> None:
        """Stop counting a job as running."""
        with self._changed:
            self._fair_order.ended(job)
            self._order = None

    def wait(self) -> None:
        """Block until there is a job or a command."""
        with self._changed:
            self._changed.wait_for(lambda: self._commands or self._jobs)

    def take_commands(self) -> list[Command]:
        """Remove and return all commands."""
        with self._changed:
            commands = list(self._commands)
            self._commands.clear()
            return commands

    def waiting(self) -> list[Job]:
        """Return the jobs in the order in which they start."""
        with self._changed:
            if self._order is None:
                self._order = self._fair_order.sort(self._jobs)
            return list(self._order)

    def jobs_before(self, job: Job) -> int:
        """Return the number of jobs that would start before `job` if it arrived now."""
        with self._changed:
            return self._fair_order.sort([*self._jobs, job]).index(job)
