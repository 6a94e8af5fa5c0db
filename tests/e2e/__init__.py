"""End-to-end tests: the real server process with the real small models, used only over the network."""
