"""Layout analysis: turns the lines of a page into headings, paragraphs and table rows.

docling's native PDF parser and OCR return lines with boxes, without structure. The structure is inferred conservatively: a
false heading separates text that belongs together, whereas a missed heading costs little.
"""
