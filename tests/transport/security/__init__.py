"""Tests of security, among them the checklist of `docs/security.md`, written from an attacker's point of view."""
