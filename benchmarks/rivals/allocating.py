"""What llama.cpp says that a model and its context take. Arguments: a GGUF, a context length, answers at once."""

import re
import sys
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from benchmarks.rivals.answering import answer
from engines.inference.backend import Abort, Log, Model
from engines.inference.context import Context
from records.model import LoadRequest

_SIZE = re.compile(r"(model|KV|compute|output)\s+buffer size =\s+([0-9.]+) MiB")


class Allocation:
    def __init__(self, path: str, context_length: int, parallel: int) -> None:
        C.llama_backend_init()
        log = Log()
        settings = LoadRequest(context_length=context_length, parallel_sequences=parallel, threads=1)
        model = Model.load(Path(path), settings, lambda _: True)
        assert model is not None
        assert Context.create(model, settings, Abort()) is not None
        self._sizes = [(kind, float(size)) for line in log.lines() for kind, size in _SIZE.findall(line)]

    def run(self) -> dict[str, Any]:
        return {"bytes": sum(size for _, size in self._sizes) * 1024**2, "parts": self._sizes}


if __name__ == "__main__":
    answer(Allocation(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).run)
