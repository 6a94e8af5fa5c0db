"""Stores: documents, chunks, sessions and messages in SQLite, originals in a folder, vectors in Chroma as a cache.

The stores implement the Protocols of `services/interfaces/` and return frozen records. Each store takes the opened
`Database`, whose tables are in `database/tables.py`.
"""
