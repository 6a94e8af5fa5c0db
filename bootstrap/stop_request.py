"""The request to stop the process, by a signal or by the failure of a background loop."""

import signal
from collections.abc import Callable

import anyio
import structlog
from anyio.abc import TaskStatus

log = structlog.get_logger("graphlore")


class StopRequest:
    """Stops the server in an orderly way.

    The first `stop` ends the running server; during the start, it takes effect when all components are open. A second
    `stop` cancels the start, or the HTTP requests in flight.
    """

    def __init__(self) -> None:
        self.starting = anyio.CancelScope()
        self.stop_server: Callable[[], None] | None = None
        "Stops the running server; None while the components are opened."
        self.is_requested = False
        self.is_failure = False
        "True if a background loop has failed: the process ends with an error."

    def stop(self) -> None:
        if self.stop_server is not None:
            self.stop_server()
        elif self.is_requested:
            self.starting.cancel()
        self.is_requested = True

    def fail(self) -> None:
        """Stop the server because a background loop failed; the process then ends with an error."""
        self.is_failure = True
        self.stop()

    async def watch_signals(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Call `stop` for every SIGINT and SIGTERM."""
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            async for number in signals:
                log.info("signal received", signal=number.name)
                self.stop()
