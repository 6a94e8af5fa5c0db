"""Search by meaning: the exact matrix and Chroma in a process of their own, both caches of SQLite's embeddings.

The parent's side is `index`; `worker` and what only it imports (`program`, `matrix`, `chroma`, …) never run in the server's
process. Whatever happens to the caches, they are filled again from SQLite and nothing is embedded twice.
"""

from persistence.vectors.client import ChromaIndex, Outbox, OutboxEntry, open_vector_index, vector_worker

__all__ = ["ChromaIndex", "Outbox", "OutboxEntry", "open_vector_index", "vector_worker"]
