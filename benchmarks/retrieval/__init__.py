"""Searching: ranking quality on a judged collection, latency as the library grows, and consistency after deletions."""
