"""Chunking: cuts a document's text into chunks that respect sections and the token limit of the light embedder."""
