"""Parsing of documents: converts a file to text, an outline and chunks, in a child process with resource limits.

- `client.py` and `protocol.py`: the server's side. They start the worker and receive its events.
- `detection/`: detects the media type of a file. Runs in the server process and imports no native library.
- `formats/`: one description for each supported file format.
- `worker/`: the child process. The reader of a format yields blocks, which become text and chunks. A block (`Block`) is a
  part of a document, such as a heading or a table row. The process may crash, hang or be killed without harm to the server.
"""

from engines.parsing.protocol import ParsedChunks, ParsedText, ParseProgress

__all__ = ["ParseProgress", "ParsedChunks", "ParsedText"]
