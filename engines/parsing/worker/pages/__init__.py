"""From the lines of a page, as a PDF parser gives them, to headings, paragraphs and table rows.

docling's native PDF parsing gives lines with their boxes and fonts and no structure. What is guessed here is guessed
carefully: a wrong heading cuts a thought in two, a missed one costs little.
"""
