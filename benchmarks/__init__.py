"""Every figure that a document quotes, measured again by one command: `python -m benchmarks`, or `… I2 R5` for some.

Each is a ratio, a count or a score: ours and what it is held against run side by side on this machine, in turns. The rows
are those of the design's performance table; nothing here is a test, and nothing asserts a time.
"""
