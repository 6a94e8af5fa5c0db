"""Tests of how much a user can learn of another one: words of private texts, and differences that actions make."""
