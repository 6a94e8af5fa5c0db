"""XML and HTML: safe parsing, and conversion to blocks."""
