"""Memory that llama.cpp allocates for a model, according to its own log. Argument: a GGUF file."""

import re
import sys
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from benchmarks.baselines.json_lines import serve
from engines.inference.worker.llama.llama_context import Context
from engines.inference.worker.llama.model import AbortFlag, Model
from records.model import LoadRequest

_BUFFER = re.compile(r"(\S+)\s+(?:model|KV|output|compute) buffer size =\s*([0-9.]+) MiB")
_REPACKED = "_REPACK"


class AllocationLog:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._messages: list[str] = []
        self._callback = C.llama_log_callback(
            lambda _level, text, _data: self._messages.append(text.decode("utf-8", "replace"))
        )
        C.llama_log_set(self._callback, None)
        C.llama_backend_init()

    def run(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the bytes of all buffers: weights, KV cache, outputs and compute. Repacked weights are counted separately.

        llama.cpp also reports the whole size of the mapped file, which still contains the weights that were repacked.
        """
        request = LoadRequest(**settings)
        self._messages.clear()
        model = Model.load(self._path, request, lambda _: True)
        assert model is not None
        context = Context.create(model, request, AbortFlag())
        assert context is not None
        found = [(name, float(size) * 1024**2) for name, size in _BUFFER.findall("".join(self._messages))]
        context.close()
        model.close()
        repacked = sum(size for name, size in found if name.endswith(_REPACKED))
        return {"bytes": sum(size for _, size in found) - repacked, "repacked": repacked}


if __name__ == "__main__":
    serve(AllocationLog(Path(sys.argv[1])).run)
