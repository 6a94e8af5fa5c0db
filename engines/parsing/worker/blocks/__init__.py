"""Blocks of a document: headings, paragraphs, table rows and so on, in reading order."""
