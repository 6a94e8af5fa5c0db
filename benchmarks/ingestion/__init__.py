"""Ingestion: speed, PDF parsing, text recognition and the memory that an upload needs."""
