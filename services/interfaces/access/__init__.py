"""Interfaces of the stores of users, log-ins, API keys, invitations and the audit log."""
