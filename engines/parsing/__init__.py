"""Parsing of documents: turns a file into text, an outline and chunks, in a child process with resource limits.

- `client.py` and `protocol.py`: the server's side. They start the worker and receive its events.
- `detection/`: detects the media type of a file. Runs in the server process and imports no native library.
- `formats/`: one description for each supported file format.
- `worker/`: the child process. A reader for each format yields blocks; the blocks become text and chunks. The process may
  crash, hang or be killed without harm to the server.
"""

from engines.parsing.protocol import ParsedChunks, ParsedText, ParseProgress

__all__ = ["ParseProgress", "ParsedChunks", "ParsedText"]
