"""Tests of the worker harness with real child processes."""
