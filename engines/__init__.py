"""What runs: ingestion jobs, answers and their event log, retrieval, prompts, inference, models, metrics.

Engines declare what they need as Protocols (`stores.py` and beside their users) and never see GraphQL or SQL; each owner
lives inside an `open_…` block, holds its own task group and bounded queue, and is handed everything that it needs.
"""
