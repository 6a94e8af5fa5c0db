"""Readings of the hardware and of the server's processes. All of them block and run in a thread."""
