"""Accounts in GraphQL: the viewer, users, log-ins, API keys, invitations and the audit log."""
