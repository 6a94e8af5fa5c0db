"""Version of the parser."""

PARSER_VERSION = 4
"""Version of the text and chunks that the parser produces.

Increase it with every change to the extracted text or to the chunk boundaries. Documents that were parsed by an older
version are parsed again in the background. `tests/engines/parsing/test_version.py` fails if an increase is missing.
"""
