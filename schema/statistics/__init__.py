"""Statistics of the server for administrators: types and queries."""
