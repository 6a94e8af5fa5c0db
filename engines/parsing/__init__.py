"""From a file to text, structure and chunks: sniff → read → compose → chunk, in a limited process of its own.

`sniff.py` and `parser.py` are for the API process and import nothing heavy. Everything else runs in `worker.py`, which
may crash, hang or be killed without harm. A format is one file in `formats/` that turns a path into a stream of blocks.
"""

from engines.parsing.protocol import ParsedChunks, ParsedText, ParseProgress

__all__ = ["ParseProgress", "ParsedChunks", "ParsedText"]
