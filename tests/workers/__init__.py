"""The worker harness, by real child processes."""
