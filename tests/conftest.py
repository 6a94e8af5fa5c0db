"""Hypothesis repeats itself in `make test`, so that a run says something about a change; `make fuzz` looks further."""

from hypothesis import settings

settings.register_profile("repeat", derandomize=True)
settings.register_profile("fuzz", print_blob=True)
settings.load_profile("repeat")
