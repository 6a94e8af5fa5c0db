"""Language models, their settings and their providers."""
