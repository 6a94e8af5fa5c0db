"""The main loop of every baseline: read a line of JSON, reply with a line of JSON.

Only replies are written to stdout. The output of libraries goes to stderr.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def serve(handle: Callable[..., Any]) -> None:
    """Call `handle` with the fields of each request as keyword arguments, until stdin is closed."""
    with os.fdopen(os.dup(1), "w") as replies:
        os.dup2(2, 1)
        for line in sys.stdin:
            replies.write(json.dumps(handle(**json.loads(line))) + "\n")
            replies.flush()
