"""How a call to a worker can fail."""

from records.codes import ErrorCode
from records.errors import ExpectedError
from records.system import WorkerPurpose


class WorkerCrashed(ExpectedError):
    """The process ended while the call was in flight, or was ended on purpose (`reason` says which).

    `output_tail` is the last that it wrote to stdout and stderr: for a debugger, neither for a client nor for the log,
    since it may quote a document.
    """

    code = ErrorCode.WORKER_CRASHED

    def __init__(self, purpose: WorkerPurpose, reason: str, output_tail: str = "") -> None:
        super().__init__(f"The process for {_plain(purpose)} {reason}. Try again in a moment.")
        self.purpose = purpose
        self.reason = reason
        self.output_tail = output_tail


class WorkerGivenUp(ExpectedError):
    """The process ended again and again; calls are refused for a while. `reason` is that of its last end."""

    code = ErrorCode.WORKER_CRASHED

    def __init__(self, purpose: WorkerPurpose, reason: str) -> None:
        super().__init__(
            f"The process for {_plain(purpose)} failed several times in a row (it {reason}) and rests for a minute."
        )
        self.purpose = purpose
        self.reason = reason


class WorkerCallFailed(Exception):
    """The child answered with a failure: its own `code`, or INTERNAL with the traceback in `detail`.

    Where it was is logged; the traceback itself may quote a document or a prompt.
    """

    def __init__(self, code: str, message: str, detail: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.detail = detail


def _plain(purpose: WorkerPurpose) -> str:
    return purpose.value.lower().replace("_", " ")
