"""Errors of calls to a worker."""

from records.codes import ErrorCode
from records.errors import ExpectedError
from records.system import WorkerPurpose


class WorkerCrashed(ExpectedError):
    """The process ended while the call was in flight, by itself or on purpose; `reason` describes the end.

    `output_tail` holds the last bytes of its stdout and stderr. It is for debuggers only, neither for clients nor for the
    log, because it may quote a document.
    """

    code = ErrorCode.WORKER_CRASHED

    def __init__(self, purpose: WorkerPurpose, reason: str, output_tail: str = "") -> None:
        super().__init__(f"The process for {_spelled_out(purpose)} {reason}. Try again in a moment.")
        self.purpose = purpose
        self.reason = reason
        self.output_tail = output_tail


class WorkerGivenUp(ExpectedError):
    """The process crashed several times in a row; calls fail for a minute. `reason` describes the last crash."""

    code = ErrorCode.WORKER_CRASHED

    def __init__(self, purpose: WorkerPurpose, reason: str) -> None:
        super().__init__(
            f"The process for {_spelled_out(purpose)} crashed several times in a row (it {reason}). "
            "It is started again in a minute."
        )
        self.purpose = purpose
        self.reason = reason


class WorkerCallFailed(Exception):
    """The child answered with a failure: a `code` of its own, or INTERNAL with the traceback in `detail`.

    Only the places of the traceback are logged; the traceback itself may quote a document or a prompt.
    """

    def __init__(self, code: str, message: str, detail: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.detail = detail


def _spelled_out(purpose: WorkerPurpose) -> str:
    return purpose.value.lower().replace("_", " ")
