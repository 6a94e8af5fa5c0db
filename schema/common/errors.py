"""Expected failures as data: the error types, and the table that maps errors of `records/errors.py` to union members.

Strawberry's exception handlers return an error as data only from a field whose union has that member. Elsewhere it stays a
top-level error, which the transport formats.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import strawberry
from strawberry.types.nodes import SelectedField

from records import errors as conditions
from records.access import PasswordWeakness
from records.codes import ErrorCode
from records.ids import ModelId
from records.model import ModelStatus
from resolvers.argument_paths import argument_name, argument_path
from schema.common import global_ids
from schema.common.enums import describe
from schema.common.info import Info
from schema.common.references import MemoryFitRef
from schema.common.scalars import BigInt

describe(
    ErrorCode,
    "Machine-readable reason of an error.",
    INVALID_INPUT="The value of an argument is invalid. A mutation or query names it in `InvalidInputError.path`; a"
    " subscription fails with this code.",
    NOT_FOUND="No object has this id.",
    CONFLICT="The operation is not possible in the current state of the object.",
    BUSY="The server cannot accept the request now. Try again later.",
    TOO_LARGE="The file or text exceeds the size limit.",
    UNSUPPORTED="The file type is not supported.",
    MODEL_NOT_READY="The status of the model does not permit the operation.",
    INSUFFICIENT_MEMORY="The model does not fit into the memory of this machine.",
    CONTEXT_OVERFLOW="The prompt and the instructions do not fit into the model's context window.",
    EMPTY_ANSWER="The answer ended without any text: the model or a stop string ended it, or it reached the maximum "
    "number of tokens that was set or that the context window has room for. The message states the "
    "reason.",
    INTERRUPTED="The server stopped before the operation was finished.",
    CANCELED="The operation was canceled.",
    FILE_MISSING="The model's file does not exist.",
    NOT_GGUF="The model's file is not a GGUF file.",
    TRUNCATED="The model's file is incomplete.",
    UNSUPPORTED_ARCHITECTURE="The inference engine does not support the model's architecture.",
    CONTEXT_ALLOCATION="The memory for the model's context could not be allocated.",
    LOAD_STALLED="Loading the model made no progress for too long.",
    WORKER_CRASHED="The worker process ended unexpectedly.",
    DISK_FULL="The disk is full.",
    ENCRYPTED_DOCUMENT="The document is encrypted.",
    CORRUPT_DOCUMENT="The document's file is damaged.",
    NO_TEXT="The document contains no text that could be extracted.",
    PARSER_LIMIT="Parsing the document exceeded the limit of time or memory.",
    PROVIDER_UNREACHABLE="The provider could not be reached. Does not occur at present.",
    PROVIDER_REJECTED="The provider rejected the request. Does not occur at present.",
    HUB_UNREACHABLE="The Hugging Face Hub could not be reached. Does not occur at present.",
    HUB_GATED="The Hugging Face Hub requires a token with access to the repository. Does not occur at present.",
    UNAUTHENTICATED="The request has no valid credentials.",
    INVALID_CREDENTIALS="An address, password, code or refresh token is wrong.",
    RATE_LIMITED="There were too many attempts, or the user has reached a limit of usage. Try again later.",
    WEAK_PASSWORD="The password is not accepted.",  # noqa: S106  # a description
    FORBIDDEN="The viewer may not use the operation or change the object; or the request comes from a page of a site that "
    "may not use this server, or is an upload without the header `GraphQL-Require-Preflight`.",
    INTERNAL="An unexpected error occurred. The server's log has the details.",
)


describe(
    PasswordWeakness,
    "Reason why a password is not accepted.",
    TOO_SHORT="It has fewer characters than `SignUpOptions.passwordMinLength`.",
    TOO_LONG="It has more than 1,024 characters.",
    COMMON="It is among the passwords that are guessed first.",
    CONTAINS_NAME="It has fewer than 8 characters besides words of the user's name and address, the name of this server, "
    "spaces and signs.",
    REPEATED="It repeats or counts up a few characters.",
)


@strawberry.interface(
    description="An expected failure. Select `... on Error { code message path }` to handle every error type of a "
    "result union, including those that later versions add."
)
class Error:
    code: ErrorCode = strawberry.field(description="Machine-readable reason.")
    message: str = strawberry.field(description="Human-readable reason in English.")
    path: list[str] | None = strawberry.field(
        description='Path of the argument that caused the error, such as `["input", "name"]` or, for the second item '
        'of a list, `["input", "tags", "1"]`. Null if no single argument caused it.'
    )


@strawberry.type(description="The value of an argument is invalid. `path` names this argument and is never null.")
class InvalidInputError(Error):
    pass


@strawberry.type(description="No object has the given id.")
class NotFoundError(Error):
    missing_id: strawberry.ID = strawberry.field(description="The id that was not found.")


@strawberry.type(description="The operation is not possible in the current state of the object.")
class ConflictError(Error):
    pass


@strawberry.type(description="The file type is not supported.")
class UnsupportedError(Error):
    media_type: str | None = strawberry.field(
        description="Media type that was detected from the content; null if none was detected."
    )


@strawberry.type(description="The file or text exceeds the size limit.")
class TooLargeError(Error):
    limit_bytes: BigInt = strawberry.field(description="Size limit in bytes.")


@strawberry.type(
    description="The server cannot accept the request now: the limit of unfinished answers is reached "
    "(`sendMessage`), too many passwords wait to be checked, or another program has locked the database."
)
class BusyError(Error):
    queue_depth: int = strawberry.field(description="Number of unfinished answers; 0 for the other reasons.")
    retry_after_ms: int = strawberry.field(description="Suggested delay before a retry, in milliseconds.")


@strawberry.type(
    description="The status of the model does not permit the operation. `sendMessage` needs a model that is READY or "
    "LOADING; `updateModelSettings` needs one that is not LOADING or UNLOADING."
)
class ModelNotReadyError(Error):
    model_id: strawberry.ID | None = strawberry.field(
        description="Id of the model; null if the server has no model, or if the selected model was removed."
    )
    model_status: ModelStatus = strawberry.field(description="Status of the model; UNLOADED if `modelId` is null.")


@strawberry.type(description="The model does not fit into the memory of this machine.")
class InsufficientMemoryError(Error):
    fit: MemoryFitRef = strawberry.field(description="Memory that the model needs and memory that is available.")


@strawberry.type(
    description="An address, password, code or refresh token is wrong or no longer valid, the account is closed, "
    "or the attempt "
    "came too early after others. The message does not tell which."
)
class InvalidCredentialsError(Error):
    pass


@strawberry.type(
    description="The viewer may not do this: the role or the API key does not permit it, or a cookie was sent by "
    "another page."
)
class ForbiddenError(Error):
    pass


@strawberry.type(
    description="There were too many attempts, or the user has reached a limit of usage. The message states which."
)
class RateLimitedError(Error):
    retry_after_ms: int = strawberry.field(description="Suggested delay before the next attempt, in milliseconds.")


@strawberry.type(description="The password is not accepted.")
class WeakPasswordError(Error):
    reason: PasswordWeakness = strawberry.field(description="Reason why the password is not accepted.")


Condition = TypeVar("Condition", bound=conditions.ExpectedError)


def _handler(
    condition: type[Condition], member: type[Error], extra_fields: Callable[[Condition], dict[str, Any]]
) -> Any:
    """Return an exception handler that converts `condition` to `member`; `extra_fields` returns the member's own fields."""

    class Handler:
        exception_type = condition
        error_type = member

        def handle(self, exception: Condition, *, field: object, info: Info) -> Error:
            path = _path(exception, info)
            return member(code=exception.code, message=_message(exception), path=path, **extra_fields(exception))

    return Handler()


def _message(error: conditions.ExpectedError) -> str:
    """Return the message with the argument's name in the spelling of the schema."""
    return error.message if error.field is None else error.naming(argument_name(error.field))


def _missing_id(error: conditions.NotFound) -> strawberry.ID:
    if isinstance(error, global_ids.UnknownId):
        return strawberry.ID(str(error.missing_id))
    return global_ids.CODEC_OF_RECORD[error.kind].encode(error.missing_id)


def _path(error: conditions.ExpectedError, info: Info) -> list[str] | None:
    """Return the path of the argument that caused the error: its `field`, or the argument that has the missing id."""
    selected = next(field for field in info.selected_fields if isinstance(field, SelectedField))
    if error.field is not None:
        return argument_path(error.field, selected.arguments)
    if not isinstance(error, conditions.NotFound):
        return None
    return next(_paths_to(_missing_id(error), selected.arguments), None)


def _paths_to(target: str, value: object) -> Iterator[list[str]]:
    """Yield the path of every occurrence of `target` in nested arguments."""
    if value == target:
        yield []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from ([str(name), *rest] for rest in _paths_to(target, inner))


def _model_id(error: conditions.ModelNotReady) -> strawberry.ID | None:
    return None if error.model_id is None else global_ids.MODEL.encode(ModelId(error.model_id))


ERROR_HANDLERS = (
    _handler(conditions.InvalidInput, InvalidInputError, lambda error: {}),
    _handler(conditions.NotFound, NotFoundError, lambda error: {"missing_id": _missing_id(error)}),
    _handler(conditions.Conflict, ConflictError, lambda error: {}),
    _handler(conditions.Unsupported, UnsupportedError, lambda error: {"media_type": error.media_type}),
    _handler(conditions.TooLarge, TooLargeError, lambda error: {"limit_bytes": error.limit_bytes}),
    _handler(
        conditions.Busy,
        BusyError,
        lambda error: {"queue_depth": error.queue_depth, "retry_after_ms": error.retry_after_ms},
    ),
    _handler(
        conditions.ModelNotReady,
        ModelNotReadyError,
        lambda error: {"model_id": _model_id(error), "model_status": error.status},
    ),
    _handler(conditions.InvalidCredentials, InvalidCredentialsError, lambda error: {}),
    _handler(conditions.Forbidden, ForbiddenError, lambda error: {}),
    _handler(conditions.RateLimited, RateLimitedError, lambda error: {"retry_after_ms": error.retry_after_ms}),
    _handler(conditions.WeakPassword, WeakPasswordError, lambda error: {"reason": error.reason}),
    _handler(conditions.InsufficientMemory, InsufficientMemoryError, lambda error: {"fit": error.fit}),
)
"""The only conversions of errors to data: an error without a handler is always a top-level error."""
