"""Expected failures, named after the condition. Their messages are sent to clients.

Every other exception is unexpected: it is logged with an id and masked for clients.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from records.codes import ErrorCode

if TYPE_CHECKING:
    from records.access import PasswordWeakness
    from records.model import MemoryFit, ModelStatus


class ExpectedError(Exception):
    """A failure that a user can cause or encounter.

    `field` names the argument that caused it in snake_case, dotted if nested (`load.context_length`, `tags.1`); None
    if no single argument did. `{field}` in a message stands for the name of that argument.
    """

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL

    def __init__(self, message: str, *, field: str | None = None) -> None:
        self.field = field
        self._template = message
        self.message = self.naming(_name_of(field))
        super().__init__(self.message)

    def naming(self, argument: str) -> str:
        """Return the message with `argument`, as the caller spells it, in place of `{field}`."""
        return self._template.replace("{field}", argument)


def _name_of(field: str | None) -> str:
    """Return the name of an argument for messages: the last part of the dotted `field` that is not an index.

    Without a field, return "The input".
    """
    names = [part for part in (field or "").split(".") if part and not part.isdigit()]
    return names[-1] if names else "The input"


class InvalidInput(ExpectedError):
    code = ErrorCode.INVALID_INPUT


class NotFound(ExpectedError):
    code = ErrorCode.NOT_FOUND

    def __init__(self, kind: str, missing_id: int | str, *, field: str | None = None) -> None:
        """`kind` is the kind of record, such as `document`; `missing_id` is its id as the stores know it."""
        super().__init__(f"There is no {kind} with this id.", field=field)
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


class Unauthenticated(ExpectedError):
    """The operation requires credentials, and the request has none that are valid."""

    code = ErrorCode.UNAUTHENTICATED


class InvalidCredentials(ExpectedError):
    """An address, password, code or token is wrong. The message does not tell which."""

    code = ErrorCode.INVALID_CREDENTIALS


class Forbidden(ExpectedError):
    """The viewer sees the object, or knows of the operation, but may not do this."""

    code = ErrorCode.FORBIDDEN


class RateLimited(ExpectedError):
    """There were too many attempts. `retry_after_ms` is the delay in milliseconds until the next one is allowed."""

    code = ErrorCode.RATE_LIMITED

    def __init__(self, message: str, *, retry_after_ms: int) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class WeakPassword(ExpectedError):
    code = ErrorCode.WEAK_PASSWORD

    def __init__(self, message: str, reason: "PasswordWeakness", *, field: str | None = "password") -> None:
        super().__init__(message, field=field)
        self.reason = reason


class ContextOverflow(ExpectedError):
    code = ErrorCode.CONTEXT_OVERFLOW


class EmptyAnswer(ExpectedError):
    """An answer without text. The message of the error explains what ended the generation."""

    code = ErrorCode.EMPTY_ANSWER


class DiskFull(ExpectedError):
    code = ErrorCode.DISK_FULL

    def __init__(self) -> None:
        super().__init__("The disk is full. Free some space in the data folder's file system and try again.")


@contextmanager
def naming_full_disk() -> Iterator[None]:
    """Raise `DiskFull` in place of an `OSError` that reports a full disk or an exhausted quota."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        raise


class ServerStopping(ExpectedError):
    """The server is stopping. The operation was not started or was interrupted."""

    code = ErrorCode.INTERRUPTED

    def __init__(self) -> None:
        super().__init__("The server is stopping. Try again after it has started.")


class DocumentUnreadable(ExpectedError):
    """A document's file cannot be read. `code` is one of the parser's codes."""

    def __init__(self, code: ErrorCode, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # one class for all codes of the parser
        self.retryable = retryable


class ModelLoadFailed(ExpectedError):
    """A model could not be loaded. `hint` is advice for the user."""

    def __init__(self, code: ErrorCode, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # one class for all codes of the loader
        self.hint = hint
