"""Anything by its global id, whatever it is."""

from collections.abc import Awaitable, Callable

from resolvers import models
from schema import ids
from schema.chunk import Chunk
from schema.document import Document
from schema.info import Info
from schema.message import Message
from schema.model import Model
from schema.node import Node
from schema.provider import LOCAL, local_provider
from schema.session import Session


async def find_node(info: Info, global_id: str) -> Node | None:
    read = ids.read_global(global_id)
    find = _FINDERS.get(read[0]) if read is not None else None
    return None if find is None else await find(info, global_id)


async def find_document(info: Info, global_id: str) -> Document | None:
    key = ids.DOCUMENT.find(global_id)
    record = None if key is None else await info.context.loaders.documents.load(key)
    return None if record is None else Document.of(record)


async def find_chunk(info: Info, global_id: str) -> Chunk | None:
    key = ids.CHUNK.find(global_id)
    record = None if key is None else await info.context.loaders.chunks.load(key)
    return None if record is None else Chunk.of(record)


async def find_session(info: Info, global_id: str) -> Session | None:
    key = ids.SESSION.find(global_id)
    record = None if key is None else await info.context.loaders.sessions.load(key)
    return None if record is None else Session.of(record)


async def find_message(info: Info, global_id: str) -> Message | None:
    key = ids.MESSAGE.find(global_id)
    record = None if key is None else await info.context.loaders.messages.load(key)
    return None if record is None else Message.of(record)


async def find_model(info: Info, global_id: str) -> Model | None:
    record = models.find_model(info.context, ids.MODEL.find(global_id))
    return None if record is None else Model.of(record)


async def _find_provider(info: Info, global_id: str) -> Node | None:
    return local_provider() if ids.PROVIDER.find(global_id) == LOCAL else None


_FINDERS: dict[str, Callable[[Info, str], Awaitable[Node | None]]] = {
    ids.DOCUMENT.name: find_document,
    ids.CHUNK.name: find_chunk,
    ids.SESSION.name: find_session,
    ids.MESSAGE.name: find_message,
    ids.MODEL.name: find_model,
    ids.PROVIDER.name: _find_provider,
}
