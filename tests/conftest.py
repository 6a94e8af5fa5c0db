"""Profiles of Hypothesis: `make test` uses the same examples in every run, `make fuzz` uses new random ones."""

from hypothesis import settings

settings.register_profile("repeat", derandomize=True)
settings.register_profile("fuzz", print_blob=True)
settings.load_profile("repeat")
