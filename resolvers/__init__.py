"""One async function per operation: checks, one call, records.

A resolver takes the request's `Context` and plain values and gives back records, or raises an expected failure; nothing here
knows Strawberry's types, and nothing here takes long. `faces.py` says what is asked of the engines.
"""
