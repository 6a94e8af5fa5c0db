"""The ways in which documents arrive: an upload, a text, a file on the server, or an address.

Each ends as one received file. Its type is detected from its content; the file name is only a hint.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypedDict, Unpack

import anyio
from anyio import to_thread

from concurrency import OwnedTasks
from engines.parsing.detection.detect import detect_type
from records.access import AccessScope
from records.document import Chunking, DocumentRecord, DocumentSource, NewDocument, ReceivedFile
from records.errors import InvalidInput, TooLarge, Unsupported
from records.ids import CollectionId
from services.ingestion.ingestion import Ingestion
from services.ingestion.intake.fetching import Fetcher
from services.ingestion.intake.incoming_files import BLOCK_BYTES, IncomingFile, IncomingFiles
from services.ingestion.intake.text_files import encode_text, extension_for, title_of
from services.ingestion.original_retention import OriginalRetention

MAX_NAME_CHARACTERS = 300

Added = tuple[DocumentRecord, bool]
"""A document, and True if the user already had a document with the same bytes.

In that case it is the existing document. It is not changed, except that a failed or canceled ingestion starts again.
"""


class DocumentFields(TypedDict, total=False):
    """The fields of a document that its sender chooses."""

    name: str | None
    "None: the document is named after its file or its first words."
    tags: Sequence[str]
    metadata: Any
    chunking: Chunking | None
    "None: the server's setting."
    collection_id: CollectionId | None
    "The collection that will own the document; None for a document of the user."


class Intake:
    """Stores arriving files and starts their ingestion.

    A file is added in a task of this component: a request that is canceled leaves a whole document or none.
    """

    def __init__(
        self,
        originals: OriginalRetention,
        ingestion: Ingestion,
        incoming: IncomingFiles,
        fetcher: Fetcher,
        import_roots: Sequence[Path],
        chunking: Chunking,
        tasks: OwnedTasks,
    ) -> None:
        """Create an intake.

        `import_roots` are the folders that `add_path` may read. `chunking` is used for documents without limits of their
        own.
        """
        self._originals = originals
        self._ingestion = ingestion
        self._incoming = incoming
        self._fetcher = fetcher
        self._import_roots = [root.resolve() for root in import_roots]
        self._chunking = chunking
        self._tasks = tasks

    async def add_file(
        self,
        scope: AccessScope,
        file: ReceivedFile,
        *,
        source: DocumentSource = DocumentSource.UPLOAD,
        source_uri: str | None = None,
        **fields: Unpack[DocumentFields],
    ) -> Added:
        """Store a received file and start its ingestion.

        Raises `InvalidInput` for an empty file, `Unsupported` for a type that no reader accepts, and `DiskFull`. The
        received file is moved or deleted in any case.
        """
        file = _claim(file)
        try:
            media_type = await _supported_type(file)
        except BaseException:
            _remove(file)
            raise
        new = NewDocument(
            name=fields.get("name") or shown_name(file.filename),
            media_type=media_type,
            byte_size=file.byte_size,
            sha256=file.sha256,
            source=source,
            source_uri=source_uri,
            tags=tuple(fields.get("tags", ())),
            metadata=fields.get("metadata"),
            chunking=fields.get("chunking") or self._chunking,
            owning_collection_id=fields.get("collection_id"),
        )
        return await self._tasks.complete(partial(self._add, scope, file, new), "storage of a document")

    async def _add(self, scope: AccessScope, file: ReceivedFile, new: NewDocument) -> Added:
        try:
            document, is_duplicate = await self._originals.add(scope, file, new)
        finally:
            _remove(file)
        return await self._ingestion.begin(document, is_new=not is_duplicate), is_duplicate

    async def add_text(
        self, scope: AccessScope, text: str, *, media_type: str | None = None, **fields: Unpack[DocumentFields]
    ) -> Added:
        """Store a text. `media_type` is that of a text format, text/plain by default, and a hint for the detection.

        Raises `InvalidInput` for an empty text or another media type, and what `add_file` raises.
        """
        if not text.strip():
            raise InvalidInput("The text is empty.", field="source.text")
        extension = extension_for(media_type)
        fields["name"] = name = fields.get("name") or title_of(text)
        with self._incoming.receive("source.text") as file:
            for block in encode_text(text, BLOCK_BYTES):
                await file.write(block)
            received = await file.finish(f"{name}{extension}")
            return await self.add_file(scope, received, source=DocumentSource.TEXT, **fields)

    async def add_path(self, scope: AccessScope, path: str, **fields: Unpack[DocumentFields]) -> Added:
        """Copy a file on the server that is below an import root. Links in the path are resolved before that check.

        Raises `InvalidInput` for any other path, `TooLarge` for a file above the upload limit, and what `add_file` raises.
        """
        real = await self._importable(path)
        with self._incoming.receive("source.path") as file:
            await _copy(real, file)
            received = await file.finish(real.name)
            return await self.add_file(scope, received, source=DocumentSource.PATH, source_uri=str(real), **fields)

    async def _importable(self, path: str) -> Path:
        """Return the path with its links resolved.

        Raises `InvalidInput` if it is not a file below an import root, and `TooLarge` if the file exceeds the upload limit.
        """
        field = "source.path"
        if not self._import_roots:
            message = "Importing from paths is off: no import roots are set (GRAPHLORE_IMPORT_ROOTS)."
            raise InvalidInput(message, field=field)
        real = Path(await anyio.Path(path).resolve())
        if not any(real.is_relative_to(root) for root in self._import_roots):
            raise InvalidInput("The path is not below an import root (GRAPHLORE_IMPORT_ROOTS).", field=field)
        if not await anyio.Path(real).is_file():
            raise InvalidInput("There is no file at this path.", field=field)
        limit = self._incoming.max_bytes
        if (await anyio.Path(real).stat()).st_size > limit:
            raise TooLarge(f"The file has more than {limit:,} bytes, which is the limit.", limit, field=field)
        return real

    async def add_url(self, scope: AccessScope, url: str, **fields: Unpack[DocumentFields]) -> Added:
        """Fetch a file from the web. Raises what `Fetcher.fetch` and `add_file` raise."""
        with self._incoming.receive("source.url") as file:
            received, final_url = await self._fetcher.fetch(url, file)
            return await self.add_file(scope, received, source=DocumentSource.URL, source_uri=final_url, **fields)


async def _copy(source: Path, file: IncomingFile) -> None:
    try:
        opened = await anyio.open_file(source, "rb")
    except PermissionError as cause:
        raise InvalidInput("The server may not read this file. Check its permissions.", field="source.path") from cause
    async with opened:
        while block := await opened.read(BLOCK_BYTES):
            await file.write(block)


def _claim(file: ReceivedFile) -> ReceivedFile:
    """Rename a received file. Its receiver removes the file at the end of the request, and must not find it."""
    claimed = file.path.with_suffix(".claimed")
    file.path.rename(claimed)
    return ReceivedFile(claimed, file.filename, file.byte_size, file.sha256, file.content_type)


def _remove(file: ReceivedFile) -> None:
    """Delete a received file that was not moved. Does not wait: a canceled task can call it."""
    file.path.unlink(missing_ok=True)


async def _supported_type(file: ReceivedFile) -> str:
    """Return the media type that is detected from the content.

    Raises `InvalidInput` for an empty file, and `Unsupported` for a type that no reader accepts.
    """
    if file.byte_size == 0:
        raise InvalidInput("The file is empty.", field="file")
    detected = await to_thread.run_sync(detect_type, file.path, file.filename)
    if not detected.supported:
        message = detected.reason or f"Files of type {detected.media_type} cannot be read."
        raise Unsupported(message, detected.media_type, field="file")
    return detected.media_type


def shown_name(filename: str) -> str:
    """Return the printable characters of the last part of a client's file name, at most 300; never a path."""
    last = filename.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    printable = "".join(character for character in last if character.isprintable()).strip()
    return printable[:MAX_NAME_CHARACTERS] or "document"
