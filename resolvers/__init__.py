"""One async function per GraphQL operation: validate the input, call one service or store, return records.

An operation has one name through every layer: `sendMessage` of the schema is `send_message` in `schema/`, in `resolvers/`
and on the service that performs it. Resolvers take the request's `Context` and plain values, return records and raise
`ExpectedError`; they use no Strawberry types. `interfaces.py` declares the services that they call and names the classes
that implement them.
"""
