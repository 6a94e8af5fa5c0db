"""How documents come in: from an upload, a text, a file on the server or a URL; all end as one received file.

The type is told from the bytes. The original is stored before the row that names it, so that a crash between the two leaves
a file without a document, which the next start sweeps, and never a document without its file.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engines.parsing.detection.detect import detect_type
from engines.parsing.detection.text_types import extension_of, listed_types
from records.document import Chunking, DocumentRecord, DocumentSource, NewDocument, ReceivedFile
from records.errors import InvalidInput, TooLarge, Unsupported
from records.ids import DocumentId
from services.ingestion.document_events import DocumentEvents
from services.ingestion.fetching import Fetcher
from services.ingestion.spooling import copy_file, write_text
from services.interfaces.document_store import DocumentStore
from services.interfaces.original_files import Originals

PLAIN = "text/plain"
BEGINNING = 4096
"""Characters of a text among which a name for it is looked for."""


class Intake:
    def __init__(
        self,
        documents: DocumentStore,
        originals: Originals,
        feed: DocumentEvents,
        enqueue: Callable[[DocumentId], None],
        *,
        incoming: Path,
        import_roots: Sequence[Path],
        max_bytes: int,
        chunking: Chunking,
        fetcher: Fetcher,
        originals_lock: asyncio.Lock,
    ) -> None:
        """`originals_lock` keeps a file that is taken in from being removed for an older document with the same bytes."""
        self._documents = documents
        self._originals = originals
        self._feed = feed
        self._enqueue = enqueue
        self._incoming = incoming
        self._import_roots = [root.resolve() for root in import_roots]
        self._max_bytes = max_bytes
        self._chunking = chunking
        self._fetcher = fetcher
        self._originals_lock = originals_lock

    async def add_file(
        self,
        file: ReceivedFile,
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        metadata: Any = None,
        chunking: Chunking | None = None,
        source: DocumentSource = DocumentSource.UPLOAD,
        source_uri: str | None = None,
    ) -> tuple[DocumentRecord, bool]:
        """Store a received file and start its ingestion; gives the document, and whether these bytes were here already.

        Raises `InvalidInput` for an empty file and `Unsupported` for a type that no reader takes; the file is gone then.
        """
        try:
            sniffed = await self._accepted(file)
        except (InvalidInput, Unsupported):
            await self._originals.discard(file)
            raise
        new = NewDocument(
            name=name or shown_name(file.filename),
            media_type=sniffed,
            byte_size=file.byte_size,
            sha256=file.sha256,
            source=source,
            source_uri=source_uri,
            tags=tuple(tags),
            metadata=metadata,
            chunking=chunking or self._chunking,
        )
        async with self._originals_lock:
            await self._originals.adopt(file)
            document, duplicate = await self._documents.add(new)
        if not duplicate:
            self._feed.added(document)
            self._enqueue(document.id)
        return document, duplicate

    async def _accepted(self, file: ReceivedFile) -> str:
        """The media type, told from the bytes."""
        if file.byte_size == 0:
            raise InvalidInput("The file is empty.", field="file")
        sniffed = await asyncio.to_thread(detect_type, file.path, file.filename)
        if not sniffed.supported:
            raise Unsupported(
                sniffed.reason or f"Files of type {sniffed.media_type} cannot be read.",
                sniffed.media_type,
                field="file",
            )
        return sniffed.media_type

    async def add_text(
        self,
        text: str,
        *,
        name: str | None = None,
        media_type: str | None = None,
        tags: Sequence[str] = (),
        metadata: Any = None,
        chunking: Chunking | None = None,
    ) -> tuple[DocumentRecord, bool]:
        """Take a text as it is; `media_type` is that of any format that is text, text/plain where nothing is said.

        It names the file and decides where the text itself does not: type is told from the text as it is from bytes.
        """
        if not text.strip():
            raise InvalidInput("The text is empty.", field="source.text")
        extension = extension_of(media_type or PLAIN)
        if extension is None:
            raise InvalidInput(f"A text is one of {listed_types()}.", field="media_type")
        shown = name or _first_words(text)
        file = await asyncio.to_thread(write_text, text, self._incoming, f"{shown}{extension}")
        return await self.add_file(
            file,
            name=shown,
            tags=tags,
            metadata=metadata,
            chunking=chunking,
            source=DocumentSource.TEXT,
        )

    async def add_path(self, path: str, **details: Any) -> tuple[DocumentRecord, bool]:
        """Take a file that lies under one of the import roots; links are followed before that is checked."""
        field = "source.path"
        if not self._import_roots:
            raise InvalidInput("No import roots are set (GRAPHLORE_IMPORT_ROOTS), so no path can be read.", field=field)
        real = await asyncio.to_thread(lambda: Path(path).resolve())
        if not any(real.is_relative_to(root) for root in self._import_roots):
            raise InvalidInput("This path is not under an import root.", field=field)
        if not await asyncio.to_thread(real.is_file):
            raise InvalidInput("There is no file at this path.", field=field)
        if (await asyncio.to_thread(real.stat)).st_size > self._max_bytes:
            raise TooLarge(f"The file has more than {self._max_bytes:,} bytes.", self._max_bytes, field=field)
        file = await asyncio.to_thread(copy_file, real, self._incoming)
        return await self.add_file(file, source=DocumentSource.PATH, source_uri=str(real), **details)

    async def add_url(self, url: str, **details: Any) -> tuple[DocumentRecord, bool]:
        """Fetch and take what stands at an address; see `Fetcher` for what is refused."""
        file, final_url = await self._fetcher.fetch(url)
        return await self.add_file(file, source=DocumentSource.URL, source_uri=final_url, **details)


def _first_words(text: str) -> str:
    """Of the first line that has any: many formats begin with a bracket."""
    lines = [line.strip() for line in text.lstrip()[:BEGINNING].splitlines()]
    line = next((line for line in lines if any(map(str.isalnum, line))), lines[0])
    return line if len(line) <= 60 else f"{line[:60].rsplit(' ', 1)[0]}…"


def shown_name(filename: str) -> str:
    """A client's file name as it is shown: its last part, printable, at most 300 characters; never a path."""
    last = filename.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    printable = "".join(character for character in last if character.isprintable()).strip()
    return printable[:300] or "document"
