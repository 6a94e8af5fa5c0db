"""Settings that clients may read, and limits of requests. `server.py` creates them once."""

from dataclasses import dataclass, field

from records.document import Chunking
from records.session import SessionSettings

MAX_QUEUED_ANSWERS = 10_000
"""Upper bound of the setting `max_queued_answers`, and the size of an inference worker's queue.

The answers service rejects requests beyond the setting, so that the worker never rejects an accepted answer.
"""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Public settings. `…_dimensions` are the lengths of the embedders' vectors; None if the embedder cannot be used."""

    light_embedder: str
    light_dimensions: int
    deep_embedder: str | None = None
    deep_dimensions: int | None = None
    idle_threshold_seconds: int = 600
    gpu_idle_percent: float = 10.0
    reranker: str | None = None
    max_loaded_models: int = 1
    keep_originals: bool = True
    session_defaults: SessionSettings = field(default_factory=SessionSettings)
    chunking: Chunking = field(default_factory=Chunking)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a request."""

    max_depth: int = 10
    max_list_depth: int = 3
    max_tokens: int = 2_000
    max_aliases: int = 30
    max_root_fields: int = 20
    max_fields: int = 500
    max_directives: int = 20
    max_errors: int = 20
    max_cost: int = 5_000
    max_page_size: int = 100
    max_upload_bytes: int = 256 * 2**20
    max_request_bytes: int = 2**20
    max_subscriptions_per_connection: int = 25
