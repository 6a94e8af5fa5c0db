"""Errors of calls to a worker."""

from records.codes import ErrorCode
from records.errors import ExpectedError
from records.system import WorkerPurpose


class WorkerCrashed(ExpectedError):
    """The process ended while the call was in flight: it crashed or was ended. `reason` describes the end.

    `output_tail` contains the last bytes of its stdout and stderr. It may quote a document, so it is neither logged nor
    sent to clients; it is for use in a debugger.
    """

    code = ErrorCode.WORKER_CRASHED

    def __init__(self, purpose: WorkerPurpose, reason: str, output_tail: str = "") -> None:
        super().__init__(f"The process for {_spelled_out(purpose)} {reason}. Try again in a moment.")
        self.purpose = purpose
        self.reason = reason
        self.output_tail = output_tail


class WorkerGivenUp(ExpectedError):
    """The process crashed several times in a row, so all calls fail for a minute. `reason` describes the last crash."""

    code = ErrorCode.WORKER_CRASHED

    def __init__(self, purpose: WorkerPurpose, reason: str) -> None:
        super().__init__(
            f"The process for {_spelled_out(purpose)} crashed several times in a row (it {reason}). "
            "It is started again in a minute."
        )
        self.purpose = purpose
        self.reason = reason


class WorkerCallFailed(Exception):
    """The child answered a call with a failure.

    `code` is defined by the worker's program, or is INTERNAL for an unexpected exception with its traceback in `detail`.
    Only the code locations of the traceback are logged, because its text may quote a document or a prompt.
    """

    def __init__(self, code: str, message: str, detail: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.detail = detail


def _spelled_out(purpose: WorkerPurpose) -> str:
    return purpose.value.lower().replace("_", " ")
