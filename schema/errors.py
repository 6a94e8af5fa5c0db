"""Expected failures as data: the error types, and the one table from named conditions to union members.

Strawberry's exception handlers turn a condition into data only in fields whose union has the member; elsewhere it goes on
as a top-level error, where the transport tells expected from surprising.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import strawberry
from strawberry.types.nodes import SelectedField

from records import errors as conditions
from records.codes import ErrorCode
from records.ids import ModelId
from records.model import ModelStatus
from resolvers.argument_paths import argument_name, argument_path
from schema import ids
from schema.enums import describe
from schema.info import Info
from schema.scalars import BigInt

if TYPE_CHECKING:
    from schema.model import MemoryFit

describe(
    ErrorCode,
    "What went wrong, for programs; the message says it to people.",
    INVALID_INPUT="The input makes no sense.",
    NOT_FOUND="Nothing has this id.",
    CONFLICT="The state that things are in does not allow it.",
    BUSY="Every place in the queue is taken; try again later.",
    TOO_LARGE="There are more bytes than the limit allows.",
    UNSUPPORTED="No reader takes files of this type.",
    MODEL_NOT_READY="The model is not loaded.",
    INSUFFICIENT_MEMORY="The model does not fit into this machine's memory.",
    CONTEXT_OVERFLOW="The prompt does not fit into the model's context window.",
    EMPTY_ANSWER="The model ended its answer before it wrote anything.",
    INTERRUPTED="The server ended before this was finished.",
    CANCELED="Someone stopped it.",
    FILE_MISSING="The model's file is not there.",
    NOT_GGUF="The model's file is not a GGUF file.",
    TRUNCATED="The model's file ends too early.",
    UNSUPPORTED_ARCHITECTURE="The engine does not know this model's architecture.",
    CONTEXT_ALLOCATION="The model's context could not be allocated.",
    LOAD_STALLED="Loading made no progress for too long.",
    WORKER_CRASHED="The process that did the work ended unexpectedly.",
    DISK_FULL="The disk is full.",
    ENCRYPTED_DOCUMENT="The document is encrypted.",
    CORRUPT_DOCUMENT="The document's file is damaged.",
    NO_TEXT="The document has no text that could be read.",
    PARSER_LIMIT="The document needs more time or memory than a reader is given.",
    PROVIDER_UNREACHABLE="The provider could not be reached.",
    PROVIDER_REJECTED="The provider refused the request.",
    HUB_UNREACHABLE="The hub could not be reached.",
    HUB_GATED="The hub wants a token that has access.",
    UNAUTHENTICATED="An access token is needed.",
    FORBIDDEN="This is not allowed.",
    INTERNAL="Something went wrong on the server; its log says what.",
)


@strawberry.interface(
    description="An expected failure. Select `... on Error { code message path }` and a new member never breaks you."
)
class Error:
    code: ErrorCode = strawberry.field(description="What went wrong, for programs.")
    message: str = strawberry.field(description="What went wrong, for people.")
    path: list[str] | None = strawberry.field(description="Where in the arguments the cause stands.")


@strawberry.type(description="The input makes no sense; `path` says where.")
class InvalidInputError(Error):
    pass


@strawberry.type(description="Nothing has this id.")
class NotFoundError(Error):
    missing_id: strawberry.ID = strawberry.field(description="The id that nothing has.")


@strawberry.type(description="The state that things are in does not allow it.")
class ConflictError(Error):
    pass


@strawberry.type(description="A file of a type that no reader takes.")
class UnsupportedError(Error):
    media_type: str | None = strawberry.field(description="The type as told from the bytes.")


@strawberry.type(description="More bytes than the limit allows.")
class TooLargeError(Error):
    limit_bytes: BigInt = strawberry.field(description="The most bytes that are taken.")


@strawberry.type(description="Every place in the queue is taken.")
class BusyError(Error):
    queue_depth: int = strawberry.field(description="How many are at work or wait.")
    retry_after_ms: int = strawberry.field(description="When to try again, in milliseconds from now.")


@strawberry.type(description="The model that would answer is not loaded.")
class ModelNotReadyError(Error):
    model_id: strawberry.ID | None = strawberry.field(description="The model; null where there is none at all.")
    model_status: ModelStatus = strawberry.field(description="The state that it is in.")


@strawberry.type(description="The model does not fit into this machine's memory.")
class InsufficientMemoryError(Error):
    fit: Annotated["MemoryFit", strawberry.lazy("schema.model")] = strawberry.field(
        description="What it would need, and what there is."
    )


Condition = TypeVar("Condition", bound=conditions.ExpectedError)


def _rule(condition: type[Condition], member: type[Error], more: Callable[[Condition], dict[str, Any]]) -> Any:
    """A handler that makes `member` of `condition`; `more` gives what the member has beside the interface's fields."""

    class Rule:
        exception_type = condition
        error_type = member

        def handle(self, exception: Condition, *, field: object, info: Info) -> Error:
            path = _path(exception, info)
            return member(code=exception.code, message=_message(exception), path=path, **more(exception))

    return Rule()


def _message(error: conditions.ExpectedError) -> str:
    """Return the message with the argument as the graph spells it."""
    return error.message if error.field is None else error.naming(argument_name(error.field))


def _missing_id(error: conditions.NotFound) -> strawberry.ID:
    if isinstance(error, ids.UnknownId):
        return strawberry.ID(str(error.missing_id))
    return ids.OF_RECORDS[error.kind].of(error.missing_id)


def _path(error: conditions.ExpectedError, info: Info) -> list[str] | None:
    """Return where in the arguments the cause is. Of a `NotFound` without a field, that is the argument with its id."""
    asked = next(field for field in info.selected_fields if isinstance(field, SelectedField))
    if error.field is not None:
        return argument_path(error.field, asked.arguments)
    if not isinstance(error, conditions.NotFound):
        return None
    return next(_paths_to(_missing_id(error), asked.arguments), None)


def _paths_to(wanted: str, given: object) -> Iterator[list[str]]:
    if given == wanted:
        yield []
    inner = given.items() if isinstance(given, dict) else enumerate(given) if isinstance(given, list) else ()
    for name, value in inner:
        yield from ([str(name), *rest] for rest in _paths_to(wanted, value))


def _model_id(error: conditions.ModelNotReady) -> strawberry.ID | None:
    return None if error.model_id is None else ids.MODEL.of(ModelId(error.model_id))


RULES = (
    _rule(conditions.InvalidInput, InvalidInputError, lambda error: {}),
    _rule(conditions.NotFound, NotFoundError, lambda error: {"missing_id": _missing_id(error)}),
    _rule(conditions.Conflict, ConflictError, lambda error: {}),
    _rule(conditions.Unsupported, UnsupportedError, lambda error: {"media_type": error.media_type}),
    _rule(conditions.TooLarge, TooLargeError, lambda error: {"limit_bytes": error.limit_bytes}),
    _rule(
        conditions.Busy,
        BusyError,
        lambda error: {"queue_depth": error.queue_depth, "retry_after_ms": error.retry_after_ms},
    ),
    _rule(
        conditions.ModelNotReady,
        ModelNotReadyError,
        lambda error: {"model_id": _model_id(error), "model_status": error.status},
    ),
    _rule(conditions.InsufficientMemory, InsufficientMemoryError, lambda error: {"fit": error.fit}),
)
"""The table. What is not in it is never data."""
