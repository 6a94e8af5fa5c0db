"""Queue of the engine's thread: commands first, then jobs in order of arrival."""

from collections import deque
from collections.abc import Callable
from threading import Condition

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

    def __len__(self) -> int:
        return len(self._jobs)

    def put(self, job: Job) -> None:
        """Append a job. Raises `QueueFull` if the queue has reached its limit."""
        with self._changed:
            if len(self._jobs) >= self._limit:
                raise QueueFull
            self._jobs.append(job)
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
            return True

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
        """Return the jobs in order of arrival."""
        with self._changed:
            return list(self._jobs)
