"""Ingestion: a durable job for each document, from its file to searchable chunks.

The state of a job is the document's row: an interrupted job continues at its stage. `intake/` receives documents,
`parse_stage.py` and `embed_stage.py` are the stages, `stage_loop.py` runs them, and `ingestion.py` is the entry.
"""

from services.ingestion.ingestion import Ingestion, Stages, open_ingestion
from services.ingestion.intake import Fetcher, IncomingFiles, Intake

__all__ = ["Fetcher", "IncomingFiles", "Ingestion", "Intake", "Stages", "open_ingestion"]
