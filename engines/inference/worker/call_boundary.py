"""Error boundary of a call: an exception becomes the failure of that call and ends nothing else."""

import traceback
from collections.abc import Callable

from workers.child import INTERNAL, Call, CallFailure


def run_call(call: Call, work: Callable[[], None]) -> None:
    """Run the work of a call. An unexpected exception fails the call with INTERNAL and its traceback."""
    try:
        work()
    except CallFailure as failure:
        call.fail(failure.code, failure.message, failure.detail)
    except Exception as error:  # noqa: BLE001  # the boundary of the process: one bad call must not end it
        message = f"The worker raised an unexpected {type(error).__name__}."
        call.fail(INTERNAL, message, traceback.format_exc())
