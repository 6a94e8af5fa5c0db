"""The checklist of `docs/security.md`, one test a line, as somebody would try who means no good."""
