"""The parsing worker: a child process that converts one file at a time to text, an outline and chunks.

- `main.py`: the process; `extraction.py`: the steps from a file to events; `parse_context.py`: the state of one document.
- `readers/`: one reader for each format; a reader yields blocks.
- `blocks/`: the blocks, and their conversion from tables, nested values and docling documents.
- `markup/`: XML and HTML. `pages/`: layout analysis of PDF pages and scans. `ocr/`: recognition of text in images.
- `chunking/`: chunks from blocks.
"""
