"""PDF files, read with pdfium: words with their places, lines and boxes, form fields, notes, bookmarks and attachments."""
