"""Which parser this is."""

PARSER_VERSION = 1
"""To be raised with every change to what is read of files or how it is cut into chunks: documents that an older version read
are read again in the background. `tests/engines/parsing/test_version.py` tells when it has to be."""
