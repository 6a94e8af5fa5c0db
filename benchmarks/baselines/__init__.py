"""Baselines: programs that do one part of the work with a library alone. `benchmarks.baselines.process` starts them."""
