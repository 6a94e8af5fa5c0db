"""The server's own process and its workers. Processor usage is measured since the previous reading; 100 % is one core."""

from collections.abc import Sequence

import psutil

from records.system import ChildProcess, ProcessStatus, WorkerStatus


class Processes:
    """Reads the server's process and the workers. Usage is measured since the previous reading."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._children: dict[int, psutil.Process] = {}
        self.reset(())

    def reset(self, workers: Sequence[WorkerStatus]) -> None:
        """Measure usage from now on."""
        self.read(workers)

    def read(self, workers: Sequence[WorkerStatus]) -> ProcessStatus:
        """Return the state of the server's process and of every worker process that runs."""
        children = tuple(child for worker in workers if (child := self._read_child(worker)) is not None)
        self._children = {child.pid: self._children[child.pid] for child in children}
        with self._own.oneshot():
            return ProcessStatus(
                pid=self._own.pid,
                cpu_percent=self._own.cpu_percent(),
                resident_bytes=self._own.memory_info().rss,
                threads=self._own.num_threads(),
                open_files=self._own.num_fds(),
                children=children,
            )

    def _read_child(self, worker: WorkerStatus) -> ChildProcess | None:
        """Return the state of a worker's process; None if the worker has no process, or if it has just ended."""
        if worker.pid is None:
            return None
        try:
            process = self._children.get(worker.pid) or psutil.Process(worker.pid)
            self._children[worker.pid] = process
            return ChildProcess(
                pid=worker.pid,
                purpose=worker.purpose,
                state=worker.state,
                cpu_percent=process.cpu_percent(),
                resident_bytes=process.memory_info().rss,
                restarts=worker.restarts,
            )
        except psutil.Error:
            self._children.pop(worker.pid, None)
            return None
