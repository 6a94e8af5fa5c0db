"""Measures how well documents are read and found, on any folder of documents with judged questions and table facts."""
