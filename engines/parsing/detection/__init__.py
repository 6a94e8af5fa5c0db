"""Detection of a file's media type, in the server process and without native libraries."""
