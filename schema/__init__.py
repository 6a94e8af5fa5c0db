"""The GraphQL schema, one package per feature.

Each feature has the same files: `types.py` (object types and enums), `inputs.py`, `queries.py`, `mutations.py` and
`subscriptions.py`; files that would be empty are left out, large `types.py` are split by type. `common/` has what all
features share. `build.py` composes the root types, and `schema.graphql` is the printed schema.

A field decodes its arguments, calls one function of `resolvers/` and converts the records that it returns: object types
have a `from_record` constructor. Types without ids and resolvers of their own have the attributes of their records, so
that those records are returned as they are.

Some types refer to each other: documents, chunks, sessions and messages; models and providers. Their annotations use the
lazy references of `common/references.py`, and their modules import each other as modules, never names.
"""
