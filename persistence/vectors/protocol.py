"""What the vectors worker is asked and what it answers. Ids are SQLite's."""

import msgspec

EXACT_LIMIT = 200_000
"Up to so many vectors are searched exactly; broader searches ask Chroma first."

BATCH = 100
"Most chunks of one change: Chroma holds the interpreter while it writes, and a search waits for that."


class Start(msgspec.Struct, frozen=True):
    database: str
    "SQLite's file, opened read-only."
    directory: str
    "Chroma's own."
    embedder: str
    "Which model made the embeddings: another one gets a collection of its own."
    dimensions: int
    exact_limit: int = EXACT_LIMIT
    pause: float = 0.02
    "Seconds between two steps of a comparison with SQLite."
    interval: float = 3600.0
    "Seconds between two comparisons."
    embedder_id: int | None = None
    "Whose embeddings: a deep embedder's; None: the light one's."


class Search(msgspec.Struct, tag=True, frozen=True):
    vector: bytes
    "float32, little-endian."
    limit: int
    document_ids: list[int] | None
    "None: all."


class Apply(msgspec.Struct, tag=True, frozen=True):
    """Bring these chunks (at most `BATCH`) to what SQLite says of them now: stored, changed or gone."""

    chunk_ids: list[int]


class Count(msgspec.Struct, tag=True, frozen=True):
    document_id: int | None


class Follow(msgspec.Struct, tag=True, frozen=True):
    """A stream of `Compared`, one after each comparison, that never ends."""


Request = Search | Apply | Count | Follow


class Found(msgspec.Struct, frozen=True):
    """Best first."""

    chunk_ids: list[int]
    scores: list[float]


class Applied(msgspec.Struct, frozen=True):
    stored: int
    removed: int


class Counted(msgspec.Struct, frozen=True):
    count: int


class Compared(msgspec.Struct, frozen=True):
    """Chroma agrees with SQLite, or why it cannot be used now; searches are answered either way."""

    added: int
    "Chunks that Chroma lacked."
    removed: int
    "Chunks that only Chroma had."
    moved_aside: str | None = None
    "Where a corrupt directory went."
    failure: str | None = None


class Ended(msgspec.Struct, frozen=True):
    """`Follow` never sends it."""
