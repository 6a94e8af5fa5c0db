"""The graph: Strawberry types, inputs, result unions and errors, one file per noun. Speaks GraphQL, nothing else.

Types that carry ids or fields of their own are made from records by their `of`; plain value types have the very attributes
of their records and are served from those. `build.py` makes the schema; `schema.graphql` is what it prints.
"""
