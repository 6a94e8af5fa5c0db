"""The real server process with the real small models, spoken to over the wire alone."""
