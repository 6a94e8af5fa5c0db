"""Checks of the schema and the server with independent tools: audits, fuzzing, linters, real clients, and a browser."""
