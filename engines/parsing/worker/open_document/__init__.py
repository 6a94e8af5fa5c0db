"""OpenDocument files: packages and flat files, styles, paragraphs, tables and form controls."""
