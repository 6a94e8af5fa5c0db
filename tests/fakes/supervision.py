"""Reactions of tests to the end of a background loop, which in the server stops the process."""


def fail_test() -> None:
    """Report that a background loop ended, which no test expects."""
    raise AssertionError("a background loop ended unexpectedly")
