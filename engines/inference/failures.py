"""Why a model cannot be loaded: each condition by its name, with what a person can do about it."""

from pathlib import Path

from records.codes import ErrorCode
from records.errors import ModelLoadFailed

HINTS = {
    ErrorCode.FILE_MISSING: "Put the file back, or choose another model.",
    ErrorCode.NOT_GGUF: "Only GGUF files can be loaded; download the model's GGUF version again.",
    ErrorCode.TRUNCATED: "The download was probably cut off; download the file again.",
    ErrorCode.UNSUPPORTED_ARCHITECTURE: "Choose another model, or a newer version of this program.",
    ErrorCode.CONTEXT_ALLOCATION: "Load it with a shorter context length.",
    ErrorCode.INSUFFICIENT_MEMORY: "Choose a smaller model or quantization, a shorter context, or close other programs.",
    ErrorCode.LOAD_STALLED: "The disk may be slow or failing; try again, or copy the file to another disk.",
    ErrorCode.WORKER_CRASHED: "Load it again; if that fails too, the file may be damaged: download it again.",
}
"""By code; a failure's own hint goes before it."""


class ModelFileMissing(ModelLoadFailed):
    def __init__(self, path: Path) -> None:
        code = ErrorCode.FILE_MISSING
        super().__init__(code, f"The file {path.name} is not there or cannot be opened.", HINTS[code])


class NotGguf(ModelLoadFailed):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            ErrorCode.NOT_GGUF, f"{path.name} is not a readable GGUF file: {why}.", HINTS[ErrorCode.NOT_GGUF]
        )


class ModelFileTruncated(ModelLoadFailed):
    def __init__(self, path: Path, size: int, needed: int) -> None:
        message = f"{path.name} is cut off: it has {size:,} bytes and needs at least {needed:,}."
        super().__init__(ErrorCode.TRUNCATED, message, HINTS[ErrorCode.TRUNCATED])


class UnsupportedArchitecture(ModelLoadFailed):
    def __init__(self, message: str) -> None:
        code = ErrorCode.UNSUPPORTED_ARCHITECTURE
        super().__init__(code, message, HINTS[code])
