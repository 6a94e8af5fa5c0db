"""Vector search: the exact matrix and Chroma, in a process of their own. Both are caches of the embeddings in SQLite.

`client.py` is the server's side, `worker/` the process. Caches that are lost or damaged are filled again from SQLite without
computing embeddings again.
"""

from persistence.vectors.client import ChromaIndex, Outbox, OutboxEntry, open_vector_index, vector_worker

__all__ = ["ChromaIndex", "Outbox", "OutboxEntry", "open_vector_index", "vector_worker"]
