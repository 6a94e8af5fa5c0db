"""The state of the machine and the server, background indexing, settings and limits."""
