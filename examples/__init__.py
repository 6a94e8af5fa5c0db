"""Example clients. They use only the GraphQL API and import no package of the server."""
