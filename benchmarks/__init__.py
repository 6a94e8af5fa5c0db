"""Benchmarks for every figure that the documentation quotes.

`python -m benchmarks` measures all of them, `python -m benchmarks I2 R5` only the named rows. A figure is a ratio, a
count or a score. Where it compares Graphlore with a baseline, both run on the same machine and take turns. Benchmarks
assert no times.
"""
