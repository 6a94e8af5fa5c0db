"""PDF files, read with pdfium: words with positions, lines and boxes, form fields, notes, bookmarks, attachments."""
