"""What lasts: documents, chunks, sessions and messages in SQLite, originals on disk, vectors in Chroma as a cache.

Implements the Protocols of `services/interfaces/` and returns frozen records, never rows. Each store takes the opened
`Database`; the tables are in `database/tables.py`.
"""
