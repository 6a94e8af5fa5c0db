"""Isolation of users: objects outside of a scope do not exist, in every store and over HTTP."""
