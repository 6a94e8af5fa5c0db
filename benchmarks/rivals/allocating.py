"""What llama.cpp itself says that it allocates for a model. Argument: a GGUF."""

import re
import sys
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp as C  # noqa: N812  # the C interface under the name that its documentation gives it

from benchmarks.rivals.answering import answer
from engines.inference.worker.llama.llama_context import Context
from engines.inference.worker.llama.model import AbortFlag, Model
from records.model import LoadRequest

_BUFFER = re.compile(r"(\S+)\s+(?:model|KV|output|compute) buffer size =\s*([0-9.]+) MiB")
_REPACKED = "_REPACK"


class Allocating:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._said: list[str] = []
        self._callback = C.llama_log_callback(
            lambda _level, text, _data: self._said.append(text.decode("utf-8", "replace"))
        )
        C.llama_log_set(self._callback, None)
        C.llama_backend_init()

    def run(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Bytes of all buffers: weights, cache, outputs, compute; those of weights that were laid out anew apart.

        Such weights lie in the mapped file, too, whose size is told as a whole, but nobody reads them there any more.
        """
        asked = LoadRequest(**settings)
        self._said.clear()
        model = Model.load(self._path, asked, lambda _: True)
        assert model is not None
        context = Context.create(model, asked, AbortFlag())
        assert context is not None
        found = [(name, float(size) * 1024**2) for name, size in _BUFFER.findall("".join(self._said))]
        context.close()
        model.close()
        repacked = sum(size for name, size in found if name.endswith(_REPACKED))
        return {"bytes": sum(size for _, size in found) - repacked, "repacked": repacked}


if __name__ == "__main__":
    answer(Allocating(Path(sys.argv[1])).run)
