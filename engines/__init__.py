"""Engines: native libraries, each isolated in worker processes that the server calls.

`inference` runs language models with llama.cpp, `embedding` and `reranking` run sentence-transformers models, `parsing`
reads documents with docling. In each engine `client.py` is the server's side, `protocol.py` defines the messages, and
`worker/` contains the programs of the worker processes; only there are native libraries imported.
"""
