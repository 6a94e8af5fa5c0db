"""Collections and groups in GraphQL."""
