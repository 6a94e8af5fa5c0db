"""The words that all rooms share: frozen records, ids, enumerations and named conditions.

A leaf. Nothing here does anything: no input, no output, no GraphQL, no SQL. Engines, persistence and resolvers pass
these values to each other, so that none of them has to import the other.
"""
