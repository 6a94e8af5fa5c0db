"""Requests to the vectors worker and their results. Ids are those of the database."""

import msgspec

EXACT_LIMIT = 200_000
"""Largest number of vectors of all documents that are searched exactly. A search of more vectors gets its candidates from
Chroma, except for a search of a list of documents, which is always exact."""

BATCH = 100
"""Maximum number of chunks in one `Apply`. Searches wait while Chroma writes them."""


class Start(msgspec.Struct, frozen=True):
    """Parameters of the process."""

    database: str
    "Path of the SQLite file, which is opened read-only."
    directory: str
    "Path of Chroma's directory."
    embedder: str
    "Name of the embedder. Each embedder has its own collection."
    dimensions: int
    exact_limit: int = EXACT_LIMIT
    pause: float = 0.02
    "Seconds between two steps of a comparison with SQLite."
    interval: float = 3600.0
    "Seconds between two comparisons."
    embedder_id: int | None = None
    "Id of the deep embedder whose vectors are searched; None for the light embedder."


class Search(msgspec.Struct, tag=True, frozen=True):
    """Return the `limit` nearest chunks. `Found` is the result."""

    vector: bytes
    "float32, little-endian."
    limit: int
    document_ids: list[int] | None
    "None searches all documents."


class Apply(msgspec.Struct, tag=True, frozen=True):
    """Update these chunks (at most `BATCH`) to their state in SQLite: stored, changed or deleted. Returns `Applied`."""

    chunk_ids: list[int]


class Count(msgspec.Struct, tag=True, frozen=True):
    """Return the number of vectors of a document, or of all for None, as `Counted`."""

    document_id: int | None


class Follow(msgspec.Struct, tag=True, frozen=True):
    """Request a stream without end: a `Compared` after each comparison of Chroma with SQLite."""


Request = Search | Apply | Count | Follow


class Found(msgspec.Struct, frozen=True):
    """Chunks and their cosine similarities, best first."""

    chunk_ids: list[int]
    scores: list[float]


class Applied(msgspec.Struct, frozen=True):
    """The numbers of chunks whose vector was stored, and whose vector was removed."""

    stored: int
    removed: int


class Counted(msgspec.Struct, frozen=True):
    count: int


class Compared(msgspec.Struct, frozen=True):
    """The result of a comparison of Chroma with SQLite. Searches are answered in any case."""

    added: int
    "Number of chunks that were missing in Chroma."
    removed: int
    "Number of chunks that were in Chroma only."
    moved_aside: str | None = None
    "New path of a corrupt directory that was renamed."
    failure: str | None = None
    "Reason for which Chroma cannot be used; None if it agrees with SQLite."


class Ended(msgspec.Struct, frozen=True):
    """The type of the last reply to `Follow`. It is never sent, because the stream has no end."""
