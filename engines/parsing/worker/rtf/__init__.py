"""RTF documents: tokens, encodings, fields, tables, and the assembly of their text."""
