"""What lasts: documents, chunks, sessions and messages in SQLite, originals on disk, vectors in Chroma as a cache.

Implements the Protocols of `engines/stores.py` and gives back frozen records alone, never rows. It decides nothing.
`database` opens the file; each store takes the opened `Database` and has a file of its own; `models` are the tables.
"""
