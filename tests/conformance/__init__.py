"""Judges of others, held against the graph: audits, fuzzing, linters, diffs, and GraphiQL in a browser."""
