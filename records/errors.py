"""Expected failures, named after the condition; their text is written for people and may reach any client.

Everything that is not an `ExpectedError` is a surprise: masked for clients and logged with an id.
"""

from typing import TYPE_CHECKING, ClassVar

from records.codes import ErrorCode

if TYPE_CHECKING:
    from records.model import MemoryFit, ModelStatus


class ExpectedError(Exception):
    """A condition that a user can cause or meet."""

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        """The argument that caused it, such as `name`, dotted where nested (`load.context_length`); None: no single one."""


class InvalidInput(ExpectedError):
    code = ErrorCode.INVALID_INPUT


class NotFound(ExpectedError):
    code = ErrorCode.NOT_FOUND

    def __init__(self, kind: str, missing_id: int | str, *, field: str | None = None) -> None:
        """`kind` is the GraphQL type's name, such as `Document`; `missing_id` is the bare id."""
        super().__init__(f"There is no {kind.lower()} with this id.", field=field)
        self.kind = kind
        self.missing_id = missing_id


class Conflict(ExpectedError):
    code = ErrorCode.CONFLICT


class Unsupported(ExpectedError):
    code = ErrorCode.UNSUPPORTED

    def __init__(self, message: str, media_type: str | None, *, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.media_type = media_type


class TooLarge(ExpectedError):
    code = ErrorCode.TOO_LARGE

    def __init__(self, message: str, limit_bytes: int, *, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.limit_bytes = limit_bytes


class Busy(ExpectedError):
    code = ErrorCode.BUSY

    def __init__(self, message: str, *, queue_depth: int, retry_after_ms: int) -> None:
        super().__init__(message)
        self.queue_depth = queue_depth
        self.retry_after_ms = retry_after_ms


class ModelNotReady(ExpectedError):
    code = ErrorCode.MODEL_NOT_READY

    def __init__(self, message: str, model_id: str | None, status: "ModelStatus") -> None:
        super().__init__(message)
        self.model_id = model_id
        self.status = status


class InsufficientMemory(ExpectedError):
    code = ErrorCode.INSUFFICIENT_MEMORY

    def __init__(self, message: str, fit: "MemoryFit") -> None:
        super().__init__(message)
        self.fit = fit


class ContextOverflow(ExpectedError):
    code = ErrorCode.CONTEXT_OVERFLOW


class EmptyAnswer(ExpectedError):
    code = ErrorCode.EMPTY_ANSWER

    def __init__(self) -> None:
        super().__init__("The model ended its answer before it wrote anything. Ask again, or in other words.")


class DiskFull(ExpectedError):
    code = ErrorCode.DISK_FULL

    def __init__(self) -> None:
        super().__init__("The disk is full. Free some space in the data folder's file system and try again.")


class ServerStopping(ExpectedError):
    """The server is stopping; what was asked for did not begin or was cut off."""

    code = ErrorCode.INTERRUPTED

    def __init__(self) -> None:
        super().__init__("The server is stopping. Try again when it runs again.")


class DocumentUnreadable(ExpectedError):
    """A document's file cannot be read; `code` is one of those that the parser gives."""

    def __init__(self, code: ErrorCode, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # one class for the parser's several codes
        self.retryable = retryable


class ModelLoadFailed(ExpectedError):
    """A model could not be loaded; `hint` says what a person can do about it."""

    def __init__(self, code: ErrorCode, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # one class for the loader's several codes
        self.hint = hint
