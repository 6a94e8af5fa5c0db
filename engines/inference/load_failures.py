"""Reasons why a model cannot be loaded, each with a hint for the user."""

from pathlib import Path

from records.codes import ErrorCode
from records.errors import ModelLoadFailed
from records.values.text import encodable

HINTS = {
    ErrorCode.FILE_MISSING: "Put the file back, or choose another model.",
    ErrorCode.NOT_GGUF: "Only GGUF files can be loaded. Download the GGUF version of the model again.",
    ErrorCode.TRUNCATED: "The download was probably interrupted. Download the file again.",
    ErrorCode.UNSUPPORTED_ARCHITECTURE: "Choose another model, or update this program.",
    ErrorCode.CONTEXT_ALLOCATION: "Load it with a shorter context length.",
    ErrorCode.INSUFFICIENT_MEMORY: "Choose a smaller model or quantization, a shorter context, or close other programs.",
    ErrorCode.LOAD_STALLED: "The disk may be slow or failing. Try again, or copy the file to another disk.",
    ErrorCode.WORKER_CRASHED: "Load it again. If that fails too, the file may be damaged: download it again.",
}
"""Hints by code, for failures that carry no hint of their own."""


class ModelFileMissing(ModelLoadFailed):
    def __init__(self, path: Path) -> None:
        code = ErrorCode.FILE_MISSING
        super().__init__(code, f"The file {encodable(path.name)} does not exist or cannot be opened.", HINTS[code])


class NotGguf(ModelLoadFailed):
    def __init__(self, path: Path, reason: str) -> None:
        code = ErrorCode.NOT_GGUF
        super().__init__(code, f"{encodable(path.name)} is not a readable GGUF file: {reason}.", HINTS[code])


class ModelFileTruncated(ModelLoadFailed):
    def __init__(self, path: Path, size: int, needed: int) -> None:
        code = ErrorCode.TRUNCATED
        message = f"{encodable(path.name)} is cut off: it has {size:,} bytes and needs at least {needed:,}."
        super().__init__(code, message, HINTS[code])


class UnsupportedArchitecture(ModelLoadFailed):
    def __init__(self, message: str) -> None:
        code = ErrorCode.UNSUPPORTED_ARCHITECTURE
        super().__init__(code, message, HINTS[code])
