"""The boundary of a call: whatever its work raises becomes that call's failure."""

import traceback
from collections.abc import Callable

from workers.child import INTERNAL, Call, CallFailure


def guard(call: Call, work: Callable[[], None]) -> None:
    try:
        work()
    except CallFailure as failure:
        call.fail(failure.code, failure.message, failure.detail)
    except Exception as error:  # noqa: BLE001  # the boundary of the process: one bad call must not end it
        call.fail(INTERNAL, f"The worker met an unexpected {type(error).__name__}.", traceback.format_exc())
