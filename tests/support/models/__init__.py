"""Models for tests: GGUF files and a cross-encoder with random or scripted weights, and chat templates."""
