"""Layout analysis: turns the lines of a page into headings, paragraphs and table rows.

pdfium and OCR return pieces of text with boxes, without structure. The structure is inferred conservatively: a false heading
separates text that belongs together, whereas a missed heading costs little.

Terms of this package, each defined by the class of that name: a *span* is a word, or a line recognized by OCR, with its box.
A *cell* is a group of spans without a wide gap between them. A *line* is the cells at one height of the page. A *ruling* is
a drawn line. A *region* is a list of lines that are read from top to bottom. *Prose* is running text, unlike tables and
listings. A *gap* is the empty space between two neighbours.
"""
