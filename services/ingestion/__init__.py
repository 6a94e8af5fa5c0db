"""Ingestion: a durable job for each document, from its bytes to searchable chunks.

The job's state is the document's row: what a crash cut off goes on at its stage. `arrivals.py` takes documents in,
`parsing.py` and `embedding.py` are the two stages, `ingestion.py` owns the loops that run them.
"""

from services.ingestion.ingestion import Ingestion, open_ingestion
from services.ingestion.intake import Intake

__all__ = ["Ingestion", "Intake", "open_ingestion"]
