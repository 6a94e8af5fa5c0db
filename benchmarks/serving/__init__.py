"""The server as its clients see it: GraphQL requests, events, streamed answers and recovery after a crash."""
